import JSON
import Support
import Testing

@testable import Transforms

@Suite("No picture is lost")
struct NoPictureIsLostTests {
    @Test("a random picture becomes what a second, simpler reading of the rules says", arguments: 0..<20)
    func randomPictures(batch: Int) throws {
        var transforms: [String: MemoirImages] = [:]
        var seen: (rows: Int, none: Int, codes: Set<String>) = (0, 0, [])
        for number in 0..<500 {
            let seed = UInt64(batch * 500 + number + 1)
            var generator = PictureGenerator(seed: seed)
            let (sample, meaning) = try generator.picture()
            // One transform for many pictures, as a worker has it.
            let name = "\(sample.subject) \(sample.type)"
            var transform = transforms[name] ?? sample.images
            let verdict = verdict(on: sample, with: &transform)
            transforms[name] = transform
            let expected = PictureRule.verdict(on: meaning)
            switch (verdict, expected) {
            case (.reject(let codes), .reject(let allowed)):
                seen.codes.formUnion(codes)
                #expect(codes.isSubset(of: allowed), "seed \(seed)")
            default:
                #expect(verdict == expected, "seed \(seed)")
            }
            if case .row(let facts) = verdict {
                seen.rows += 1
                if case .object(let members) = meaning { expectEverything(of: members, in: facts, seed: seed) }
            }
            if verdict == .none { seen.none += 1 }
        }
        #expect(seen.rows > 250 && seen.none > 0, "the generator makes too few of a kind: \(seen)")
        #expect(seen.codes == ["bad-images", "bad-text", "number-range"])
    }

    private func verdict(on sample: PictureSample, with transform: inout MemoirImages) -> PictureRule.Verdict {
        do throws(Reject) {
            return try sample.transform(with: &transform).map { .row($0.facts) } ?? .none
        } catch {
            return .reject([error.code.rawValue])
        }
    }

    /// Every key is in a column or among the attributes, once, and with its value. This knows nothing of which.
    private func expectEverything(of members: [[UInt8]: PlainJSON], in facts: PictureSample.Facts, seed: UInt64) {
        guard case .object(let attributes) = facts.attributes else {
            Issue.record("seed \(seed): attributes are no object")
            return
        }
        let strings = [facts.url, facts.caption].compactMap { $0 }.map(PlainJSON.string)
        let sizes = [facts.width, facts.height].compactMap { $0 }
        #expect(attributes.count + strings.count + sizes.count == members.count, "seed \(seed): not each key once")
        for (key, value) in members {
            if let attribute = attributes[key] {
                #expect(attribute == value, "seed \(seed): another value")
                continue
            }
            switch value {
            case .string: #expect(strings.contains(value), "seed \(seed): a string is lost")
            case .number(let spelling):
                #expect(sizes.contains { Double($0) == Double(spelling) }, "seed \(seed): a number is lost")
            default: Issue.record("seed \(seed): a value is lost")
            }
        }
    }

    @Test("a random picture that was damaged is rejected, or read, but never half written", arguments: 0..<20)
    func damagedPictures(batch: Int) throws {
        for number in 0..<250 {
            let seed = UInt64(batch * 250 + number + 1_000_001)
            var generator = PictureGenerator(seed: seed)
            var sample = try generator.picture().sample
            guard var bytes = sample.picture, !bytes.isEmpty else { continue }
            var numbers = SeededNumbers(seed: seed)
            let place = numbers.below(bytes.count)
            switch numbers.below(4) {
            case 0: bytes.remove(at: place)
            case 1: bytes.removeSubrange(place...)
            case 2: bytes[place] = numbers.one(of: Array("[]{}\",:\\1e-".utf8))
            default: bytes.insert(contentsOf: numbers.one(of: [Array("\\u0000".utf8), [0xFF], [0x00]]), at: place)
            }
            sample.picture = bytes
            // The sample checks that a rejected one left the rows as they were.
            do throws(Reject) {
                guard let facts = try sample.transform()?.facts else { continue }
                let strings = [facts.url, facts.caption].compactMap { $0 }
                #expect(strings.allSatisfy { $0.lend(UTF8Check.isStorable) }, "seed \(seed): bad text was written")
                #expect(facts.attributes != .null, "seed \(seed): attributes cannot be read")
            } catch {
                #expect(error.place.hasPrefix(sample.subject == .cover ? "cover_image" : "image"), "seed \(seed)")
                #expect(!error.message.utf8.contains { $0 < 0x20 }, "seed \(seed): \(error.message)")
            }
        }
    }
}

import Testing

@testable import Transforms

@Suite("Nothing is lost")
struct NothingIsLostTests {
    @Test("every text, picture and key of a random chapter is in a row or reported", arguments: 0..<40)
    func randomChapters(batch: Int) throws {
        var transforms: [String: MemoirSections] = [:]
        for number in 0..<100 {
            let seed = UInt64(batch * 100 + number + 1)
            var generator = ChapterGenerator(seed: seed)
            let chapter = generator.chapter()
            // One transform for many chapters: what one leaves behind must not show in the next.
            let types = "\(chapter.contentType) \(chapter.imagesType)"
            var transform =
                transforms[types] ?? MemoirSections(content: chapter.contentType, images: chapter.imagesType)
            let result = try chapter.transform(with: &transform)
            transforms[types] = transform
            #expect(try chapter.transform().bytes == result.bytes, "seed \(seed): depends on the row before")
            expectEverything(of: generator, in: result, seed: seed)
        }
    }

    private func expectEverything(of generator: ChapterGenerator, in result: Chapter.Result, seed: UInt64) {
        #expect(result.sections.map(\.order) == Array(0..<result.sections.count), "seed \(seed)")
        let written = result.sections.flatMap { [$0.title, $0.content].compactMap { $0 } }
        let all = String(decoding: Array(written.joined(separator: [0x0A])), as: UTF8.self)
        var place = all.unicodeScalars.startIndex
        for text in generator.texts {
            // Only ASCII white space may go from the ends of a text.
            let scalars = text.unicodeScalars
            guard let found = Self.find(scalars, in: all.unicodeScalars, from: place) else {
                Issue.record("seed \(seed): \(text) is lost or out of order")
                return
            }
            place = found
        }
        var known: Set<[UInt8]> = Set(result.outcome.unmapped)
        for section in result.sections { Self.collect(section.attributes, into: &known) }
        for section in result.sections { Self.collect(section.image ?? .null, into: &known) }
        for word in generator.keys.union(generator.urls) {
            #expect(known.contains(Array(word.utf8)), "seed \(seed): \(word) is lost")
        }
        let pictures = result.sections.contains { $0.image != nil }
        #expect(
            (result.outcome.cover != nil) == pictures,
            "seed \(seed): a cover without pictures, or the reverse")
    }

    private static func find(
        _ wanted: String.UnicodeScalarView, in text: String.UnicodeScalarView, from start: String.Index
    ) -> String.Index? {
        var place = start
        while place < text.endIndex {
            if text[place...].starts(with: wanted) { return text.index(place, offsetBy: wanted.count) }
            place = text.index(after: place)
        }
        return nil
    }

    /// Every key and every string in a value.
    private static func collect(_ value: PlainJSON, into words: inout Set<[UInt8]>) {
        switch value {
        case .string(let bytes): words.insert(bytes)
        case .array(let elements): for element in elements { collect(element, into: &words) }
        case .object(let members):
            for (key, value) in members {
                words.insert(key)
                collect(value, into: &words)
            }
        case .null, .bool, .number: break
        }
    }

    @Test(
        "a random document that was damaged is rejected, or read, but never half written", arguments: 0..<20)
    func damagedDocuments(batch: Int) {
        for number in 0..<100 {
            let seed = UInt64(batch * 100 + number + 1_000_001)
            var generator = ChapterGenerator(seed: seed)
            var chapter = generator.chapter()
            guard var bytes = chapter.content, !bytes.isEmpty else { continue }
            let place = generator.below(bytes.count)
            switch generator.below(4) {
            case 0: bytes.remove(at: place)
            case 1: bytes.removeSubrange(place...)
            case 2: bytes[place] = Array("[]{}\",:\\1e-".utf8)[generator.below(11)]
            default: bytes.insert(contentsOf: Array("\\u0000".utf8), at: place)
            }
            chapter.content = bytes
            // The chapter checks that a rejected one left the rows as they were.
            do throws(Reject) {
                let sections = try chapter.transform().sections
                #expect(sections.allSatisfy { !$0.content.contains(0) }, "seed \(seed): a NUL was written")
                #expect(
                    sections.allSatisfy { $0.attributes != .null }, "seed \(seed): attributes cannot be read")
            } catch {
                #expect(!error.place.isEmpty, "seed \(seed)")
                #expect(!error.message.utf8.contains { $0 < 0x20 }, "seed \(seed): \(error.message)")
            }
        }
    }
}

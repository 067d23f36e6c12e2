/// What a picture must become, said again in the plainest way: on values, without a thought for speed, and with
/// nothing shared with what is tested.
enum PictureRule {
    enum Verdict: Equatable {
        case none
        case row(PictureSample.Facts)
        /// With any of these codes.
        case reject(Set<String>)
    }

    static let refusedNumbers = ["1e131072", "-1e131072", "1e-16384", "10e1073741823", "1e99999999999999999999"]

    static func verdict(on picture: PlainJSON) -> Verdict {
        switch picture {
        case .null: return .none
        case .string(let url) where !url.isEmpty:
            let codes = faults(in: picture)
            let facts = PictureSample.Facts(url: url, attributes: .object([:]))
            return codes.isEmpty ? .row(facts) : .reject(codes)
        case .object(let members):
            let codes = faults(in: picture)
            return codes.isEmpty ? .row(facts(of: members)) : .reject(codes)
        case .string, .array, .bool, .number: return .reject(["bad-images"])
        }
    }

    private static func facts(of members: [[UInt8]: PlainJSON]) -> PictureSample.Facts {
        var rest = members
        func takeString(_ keys: [String]) -> [UInt8]? {
            for key in keys {
                guard case .string(let string) = rest[Array(key.utf8)] else { continue }
                rest[Array(key.utf8)] = nil
                return string
            }
            return nil
        }
        func takeSize(_ key: String) -> Int? {
            guard case .number(let spelling) = rest[Array(key.utf8)], let size = integer(spelling) else { return nil }
            rest[Array(key.utf8)] = nil
            return size
        }
        return PictureSample.Facts(
            url: takeString(["url", "src", "image_url"]), caption: takeString(["caption", "alt", "description"]),
            width: takeSize("width"), height: takeSize("height"), attributes: .object(rest))
    }

    /// The value of a number that is written without a point once its exponent is gone, and that 32 bits hold.
    private static func integer(_ spelling: String) -> Int? {
        let parts = spelling.lowercased().split(separator: "e")
        let halves = parts[0].split(separator: ".")
        let fraction = halves.count == 2 ? halves[1] : ""
        let exponent = parts.count == 2 ? Int(parts[1]) ?? .max : 0
        guard exponent >= fraction.count, exponent < 1000 else { return nil }
        let zeros = String(repeating: "0", count: exponent - fraction.count)
        return Int32(halves[0] + fraction + zeros).map(Int.init)
    }

    private static func faults(in value: PlainJSON) -> Set<String> {
        switch value {
        case .null, .bool: []
        case .number(let spelling): refusedNumbers.contains(spelling) ? ["number-range"] : []
        case .string(let bytes): isStorable(bytes) ? [] : ["bad-text"]
        case .array(let elements): elements.reduce(into: []) { $0.formUnion(faults(in: $1)) }
        case .object(let members):
            members.reduce(into: []) { codes, member in
                codes.formUnion(faults(in: .string(member.key)))
                codes.formUnion(faults(in: member.value))
            }
        }
    }

    /// Half a surrogate pair has become U+FFFD on the way here, which no generated picture holds otherwise.
    private static func isStorable(_ bytes: [UInt8]) -> Bool {
        !bytes.contains(0) && !String(decoding: bytes, as: UTF8.self).unicodeScalars.contains("\u{FFFD}")
    }
}

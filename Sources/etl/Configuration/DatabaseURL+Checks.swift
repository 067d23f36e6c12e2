extension DatabaseURL {
    /// What can be said of the URL as a whole, before it is taken apart.
    static func checkWhole(_ bytes: [UInt8]) throws(DatabaseURLError) {
        if bytes.allSatisfy({ $0 <= 0x20 }) { throw .blank }
        if let first = bytes.first, first == UInt8(ascii: "\"") || first == UInt8(ascii: "'") {
            throw .quoted
        }
        if bytes.contains(where: { $0 <= 0x20 || $0 == 0x7F }) { throw .whiteSpaceOrControl }
    }

    /// The driver's name behind `postgresql+`, nil where there is none.
    static func driver(inScheme scheme: String) throws(DatabaseURLError) -> String? {
        let parts = scheme.lowercased().split(separator: "+", maxSplits: 1, omittingEmptySubsequences: false)
        let others = [
            "mysql", "mariadb", "sqlite", "oracle", "mssql", "mongodb", "redis", "http", "https", "jdbc",
            "cockroachdb", "file",
        ]
        guard parts[0] == "postgresql" || parts[0] == "postgres" else {
            throw .otherDatabase(others.first { $0 == parts[0] })
        }
        guard parts.count == 2 else { return nil }
        let drivers = ["asyncpg", "psycopg", "psycopg2"]
        guard let driver = drivers.first(where: { $0 == parts[1] }) else { throw .unknownDriver }
        return driver
    }

    /// A raw `@`, `/` or `#` in a password makes it unclear where the password ends; a guess could send half
    /// of it to a name server as a host.
    static func checkAtSigns(
        _ rest: ArraySlice<UInt8>, authorityEnd: Int
    ) throws(DatabaseURLError) {
        if rest.contains(UInt8(ascii: "#")) { throw .ambiguous(.hash) }
        if rest[authorityEnd...].contains(.at) {
            throw .ambiguous(rest[..<authorityEnd].contains(.at) ? .at : .slash)
        }
        if rest[..<authorityEnd].count(where: { $0 == .at }) > 1 { throw .ambiguous(.at) }
    }
}

/// `%XX` and nothing else: a plus sign is a plus sign.
enum PercentEncoding {
    static func decode(
        _ bytes: ArraySlice<UInt8>, part: DatabaseURLError.Part
    ) throws(DatabaseURLError) -> String {
        var decoded: [UInt8] = []
        var index = bytes.startIndex
        while index < bytes.endIndex {
            if bytes[index] == UInt8(ascii: "%") {
                guard index + 2 < bytes.endIndex, let high = digit(bytes[index + 1]),
                    let low = digit(bytes[index + 2])
                else { throw .percent(part) }
                decoded.append(high << 4 | low)
                index += 3
            } else {
                decoded.append(bytes[index])
                index += 1
            }
        }
        if decoded.contains(0) { throw .nul(part) }
        guard let text = String(validating: decoded, as: UTF8.self) else { throw .notUTF8(part) }
        return text
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}

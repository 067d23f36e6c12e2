import Pipelines

/// The hosts and ports of a URL, in the two comma-separated lists that libpq takes.
struct URLPlaces {
    let hosts: String
    let ports: String

    init(_ text: ArraySlice<UInt8>) throws(DatabaseURLError) {
        var hosts: [String] = []
        var ports: [String] = []
        for place in text.split(separator: .comma, omittingEmptySubsequences: false) {
            let (host, port) = try Self.divide(place)
            let name = try PercentEncoding.decode(host, part: .host)
            guard Self.isHost(name) else { throw .host }
            hosts.append(name)
            // Digits are checked where ports of the query are.
            guard let digits = String(validating: port, as: UTF8.self) else { throw .port }
            ports.append(digits)
        }
        self.hosts = hosts.allSatisfy(\.isEmpty) ? "" : hosts.joined(separator: ",")
        self.ports = ports.allSatisfy(\.isEmpty) ? "" : ports.joined(separator: ",")
    }

    /// Host and port of `host`, `host:port`, `[v6]` or `[v6]:port`.
    private static func divide(
        _ place: ArraySlice<UInt8>
    ) throws(DatabaseURLError) -> (host: ArraySlice<UInt8>, port: ArraySlice<UInt8>) {
        guard place.first == UInt8(ascii: "[") else {
            let colon = place.firstIndex(of: .colon) ?? place.endIndex
            return (place[..<colon], place[colon...].dropFirst())
        }
        guard let close = place.firstIndex(of: UInt8(ascii: "]")) else { throw .brackets }
        let address = place[(place.startIndex + 1)..<close]
        let after = place[(close + 1)...]
        let isAddress = address.allSatisfy { byte in
            byte == .colon || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "%")
                || byte == UInt8(ascii: "_")
                || byte == UInt8(ascii: "-") || byte.isAlphanumeric
        }
        guard isAddress, address.contains(.colon), after.isEmpty || after.first == .colon else {
            throw .brackets
        }
        return (address, after.dropFirst())
    }

    /// Names, addresses and socket directories; anything else would be part of a mistaken password.
    private static func isHost(_ name: String) -> Bool {
        if name.hasPrefix("/") || name.hasPrefix("@") { return !name.utf8.contains(.comma) }
        return name.utf8.allSatisfy { byte in
            byte >= 0x80 || byte == .colon || "-._%".utf8.contains(byte) || byte.isAlphanumeric
        }
    }
}

/// A query parameter by the name that libpq has for it.
struct URLParameter {
    let keyword: String
    private(set) var notice: DatabaseURL.Notice?

    init(key: String, value: String, position: Int) throws(DatabaseURLError) {
        switch key {
        case "replication":
            throw .replication
        case "ssl":
            // Dropping it would drop TLS with it; `true` does not say whether to verify.
            guard ConnectionKeyword.sslModes.contains(value) else { throw .sslIsNotAMode }
            keyword = "sslmode"
            notice = .sslRenamed(value)
        case "sslmode":
            guard ConnectionKeyword.sslModes.contains(value) else {
                throw .badValue(key, among: ConnectionKeyword.sslModes)
            }
            keyword = key
        default:
            guard ConnectionKeyword.known.contains(key) else {
                throw .unknownParameter(position, nearest: nearest(to: key, among: ConnectionKeyword.known))
            }
            keyword = key
        }
    }
}

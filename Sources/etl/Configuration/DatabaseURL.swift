/// A database's URL, taken apart by us: libpq's own parser prints passwords in its errors.
struct DatabaseURL: Sendable, Equatable {
    /// What the URL stated, in the order of libpq's manual for the parts and of the URL for its query.
    private(set) var parameters: [ConnectionParameter] = []
    /// What was understood although libpq would not have, for the operator to know.
    private(set) var notices: [Notice] = []

    /// A liberty taken with the URL.
    enum Notice: Sendable, Equatable {
        case driverDropped(String)
        case sslRenamed(String)
    }

    /// Understands a URL or says why not, without showing any part of it.
    init(_ text: String) throws(DatabaseURLError) {
        let bytes = Array(text.utf8)
        try Self.checkWhole(bytes)
        guard let colon = bytes.firstRange(of: Array("://".utf8)) else { throw .notAURL }
        if let driver = try Self.driver(inScheme: String(decoding: bytes[..<colon.lowerBound], as: UTF8.self)) {
            notices.append(.driverDropped(driver))
        }
        let rest = bytes[colon.upperBound...]
        let authorityEnd = rest.firstIndex { $0 == .slash || $0 == .question } ?? rest.endIndex
        try Self.checkAtSigns(rest, authorityEnd: authorityEnd)
        let queryStart = rest.firstIndex(of: .question)
        try readAuthority(rest[..<authorityEnd])
        try readDatabase(rest[authorityEnd..<(queryStart ?? rest.endIndex)])
        if let queryStart { try readQuery(rest[(queryStart + 1)...]) }
        try checkPorts()
    }

    /// The value of a keyword, where the URL stated one.
    func value(of keyword: String) -> String? {
        parameters.first { $0.keyword == keyword }?.revealed()
    }

    /// The URL with its password left out, built anew from the parts.
    var redacted: String {
        var query: [String] = []
        var part: [String: String] = [:]
        for parameter in parameters {
            if ["user", "password", "host", "port", "dbname"].contains(parameter.keyword) {
                part[parameter.keyword] = parameter.shown
            } else {
                query.append(parameter.keyword + "=" + parameter.shown)
            }
        }
        for keyword in ["host", "port"] where part[keyword]?.contains(where: { "/,:".contains($0) }) == true {
            query.insert(keyword + "=" + (part.removeValue(forKey: keyword) ?? ""), at: 0)
        }
        let login = (part["user"] ?? "") + (part["password"].map { ":" + $0 } ?? "")
        let place = (part["host"] ?? "") + (part["port"].map { ":" + $0 } ?? "")
        return "postgresql://" + (login.isEmpty ? "" : login + "@") + place
            + (part["dbname"].map { "/" + $0 } ?? (query.isEmpty ? "" : "/"))
            + (query.isEmpty ? "" : "?" + query.joined(separator: "&"))
    }

    private mutating func state(_ keyword: String, _ value: String) throws(DatabaseURLError) {
        // To libpq an empty value is one that was not stated.
        guard !value.isEmpty else { return }
        guard !parameters.contains(where: { $0.keyword == keyword }) else { throw .statedTwice(keyword) }
        parameters.append(ConnectionParameter(keyword: keyword, value: value))
    }

    private mutating func readAuthority(_ authority: ArraySlice<UInt8>) throws(DatabaseURLError) {
        var hosts = authority
        var login: ArraySlice<UInt8> = []
        if let at = authority.firstIndex(of: .at) {
            (login, hosts) = (authority[..<at], authority[(at + 1)...])
        }
        let places = try URLPlaces(hosts)
        try state("host", places.hosts)
        try state("port", places.ports)
        let colon = login.firstIndex(of: .colon) ?? login.endIndex
        try state("user", try PercentEncoding.decode(login[..<colon], part: .user))
        if colon < login.endIndex {
            try state("password", try PercentEncoding.decode(login[(colon + 1)...], part: .password))
        }
    }

    private mutating func readDatabase(_ path: ArraySlice<UInt8>) throws(DatabaseURLError) {
        let name = path.dropFirst()
        guard !name.contains(.slash) else { throw .ambiguous(.slash) }
        try state("dbname", try PercentEncoding.decode(name, part: .database))
    }

    private mutating func readQuery(_ query: ArraySlice<UInt8>) throws(DatabaseURLError) {
        guard !query.isEmpty else { return }
        let pairs = query.split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: false)
        for (index, pair) in pairs.enumerated() {
            guard let equals = pair.firstIndex(of: UInt8(ascii: "=")),
                !pair[(equals + 1)...].contains(.equals)
            else { throw .parameterWithoutValue(index + 1) }
            let key = try PercentEncoding.decode(pair[..<equals], part: .query)
            let value = try PercentEncoding.decode(pair[(equals + 1)...], part: .query)
            let meant = try URLParameter(key: key, value: value, position: index + 1)
            if let notice = meant.notice { notices.append(notice) }
            try state(meant.keyword, value)
        }
    }

    private func checkPorts() throws(DatabaseURLError) {
        for port in (value(of: "port") ?? "").utf8.split(separator: .comma) {
            guard port.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
                let number = Int(String(port) ?? ""), (1...65535).contains(number)
            else { throw .port }
        }
        if let hosts = value(of: "host")?.utf8.count(where: { $0 == .comma }),
            let ports = value(of: "port")?.utf8.count(where: { $0 == .comma }), ports > 0, ports != hosts
        {
            throw .port
        }
    }
}

/// The way to the server, as far as it can be known before connecting.
struct Route {
    private let url: Setting<DatabaseURL>?
    private let variables: [DatabaseSettings.Variable]

    init(url: Setting<DatabaseURL>?, variables: [DatabaseSettings.Variable]) {
        self.url = url
        self.variables = variables
    }

    /// A service file is libpq's to read; it may name the host and the mode. It can't overrule a host that
    /// the URL states, so such a host is judged all the same; one from PGHOST it can.
    var isLeftToService: Bool {
        value(of: "service") != nil && url?.value.value(of: "host") == nil
            && url?.value.value(of: "hostaddr") == nil
    }

    /// Whether it leads to a host elsewhere and nothing says how the connection is protected: libpq would by default
    /// go on in plain text when the server, or somebody in between, says it has no TLS.
    var isUnprotected: Bool {
        guard !isLeftToService, value(of: "sslmode") == nil else { return false }
        return ["hostaddr", "host"].contains { keyword in
            value(of: keyword)?.split(separator: ",", omittingEmptySubsequences: false)
                .contains { !Self.isLocal($0) } ?? false
        }
    }

    private static func isLocal(_ host: Substring) -> Bool {
        host.isEmpty || host.hasPrefix("/") || host.hasPrefix("@")
            || ["localhost", "127.0.0.1", "::1"].contains(host.lowercased())
    }

    /// What libpq will take for a keyword: the URL's word first, then the environment's.
    private func value(of keyword: String) -> String? {
        url?.value.value(of: keyword) ?? variables.first { $0.parameter.keyword == keyword }?.parameter.revealed()
    }
}

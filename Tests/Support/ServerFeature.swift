/// What a server may have been built without. Debian's has all of it; those that `scripts/servers` fetches have none.
public enum ServerFeature: Sendable {
    /// Collations of ICU.
    case icu
    /// Encrypted sessions.
    case tls
    /// The extension uuid-ossp.
    case uuids

    /// Whether the shared server has it.
    public var isThere: Bool {
        (try? TestServer.shared.sandbox.query("select \(condition)")) == "t"
    }

    private var condition: String {
        switch self {
        case .icu: "exists (select from pg_collation where collname = 'und-x-icu')"
        case .tls: "current_setting('ssl_library') <> ''"
        case .uuids: "exists (select from pg_available_extensions where name = 'uuid-ossp')"
        }
    }
}

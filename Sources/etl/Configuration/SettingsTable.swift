import Postgres

/// The settings as rows of a table.
struct SettingsTable {
    /// One setting; a value of nil is one that was not stated and has no default here.
    struct Row: Equatable {
        let name: String
        let value: String?
        let origin: Origin

        /// The value for people.
        var shown: String { value ?? "-" }
    }

    let rows: [Row]

    init(_ settings: Settings) {
        let url = settings.database.url
        var rows = [Row(name: "database-url", value: url?.value.redacted, origin: url?.origin ?? .standard)]
        rows += settings.database.connectionParameters.map {
            Row(name: "  " + $0.keyword, value: $0.shown, origin: .url)
        }
        rows += settings.database.variables.map {
            Row(name: "  " + $0.parameter.keyword, value: $0.parameter.shown, origin: .environment($0.name))
        }
        rows += settings.database.standardParameters.map {
            Row(name: "  " + $0.keyword, value: $0.shown, origin: .standard)
        }
        rows.append(Self.row("project", settings.project) { Printable.escaped($0) })
        rows.append(Self.row("schema", settings.schema) { $0.map { Printable.escaped($0.name) } })
        rows.append(Self.row("ledger-schema", settings.ledgerSchema) { Printable.escaped($0.name) })
        let deadlines = settings.deadlines
        rows.append(Self.row("connect-timeout", deadlines.connect, Self.seconds))
        rows.append(Self.row("statement-timeout", deadlines.statement, Self.seconds))
        rows.append(Self.row("lock-timeout", deadlines.lock, Self.seconds))
        rows.append(Self.row("max-outage", deadlines.outage, Self.seconds))
        rows.append(Self.row("max-document-bytes", settings.documentBytes) { String($0) })
        self.rows = rows
    }

    private static func row<Value>(_ name: String, _ setting: Setting<Value>, _ text: (Value) -> String?)
        -> Row
    {
        Row(name: name, value: text(setting.value), origin: setting.origin)
    }

    private static func seconds(_ duration: Duration) -> String {
        let (whole, rest) = duration.components
        guard rest > 0 else { return "\(whole) s" }
        var decimals = String(1000 + rest / 1_000_000_000_000_000).dropFirst()
        while decimals.last == "0" { decimals.removeLast() }
        return "\(whole).\(decimals) s"
    }
}

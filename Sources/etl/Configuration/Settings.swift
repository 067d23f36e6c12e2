import Postgres

/// Where a setting came from.
enum Origin: Sendable, Equatable, CustomStringConvertible {
    case flag(String)
    case environment(String)
    case file(line: Int)
    /// A part of the database's URL.
    case url
    case standard

    var description: String {
        switch self {
        case .flag(let name): "--\(name)"
        case .environment(let name): "environment: \(name)"
        case .file(let line): ".env line \(line)"
        case .url: "the URL"
        case .standard: "default"
        }
    }
}

/// A value and where it came from.
struct Setting<Value: Sendable>: Sendable {
    let value: Value
    let origin: Origin

    /// The stated value, or else the default.
    init(_ stated: Value?, flag: String, default standard: Value) {
        value = stated ?? standard
        origin = stated == nil ? .standard : .flag(flag)
    }

    /// A value whose origin is known.
    init(_ value: Value, _ origin: Origin) {
        self.value = value
        self.origin = origin
    }
}

extension Setting: Equatable where Value: Equatable {}

/// Everything that a command needs to know beside its own options.
struct Settings: Sendable, Equatable {
    let database: DatabaseSettings
    let project: Setting<String>
    /// The schema of the tables; nil leaves it to the pipeline.
    let schema: Setting<Identifier?>
    let ledgerSchema: Setting<Identifier>
    let deadlines: Deadlines
    /// Documents with more bytes are rejected without being fetched.
    let documentBytes: Setting<Int>

    /// How long the program waits, and for what. Zero means without end.
    struct Deadlines: Sendable, Equatable {
        let connect: Setting<Duration>
        let statement: Setting<Duration>
        let lock: Setting<Duration>
        let outage: Setting<Duration>

        init(_ stated: StatedDeadlines) {
            connect = Setting(stated.connect, flag: "connect-timeout", default: .seconds(10))
            statement = Setting(stated.statement, flag: "statement-timeout", default: .seconds(300))
            lock = Setting(stated.lock, flag: "lock-timeout", default: .seconds(2))
            outage = Setting(stated.outage, flag: "max-outage", default: .seconds(600))
        }

        /// The deadlines as a session takes them.
        var forSessions: Postgres.Deadlines {
            Postgres.Deadlines(
                connect: Self.seconds(connect), statement: Self.seconds(statement), lock: Self.seconds(lock),
                outage: Self.seconds(outage))
        }

        private static func seconds(_ setting: Setting<Duration>) -> Double { setting.value / .seconds(1) }
    }

    /// Settles every setting. `readFile` is asked only when neither flag nor environment names a database.
    init(
        _ options: GlobalOptions, environment: ProcessEnvironment,
        readFile: () throws(EnvironmentFileOpening.Refusal) -> [UInt8]?
    ) throws(SettingsError) {
        database = try DatabaseSettings(
            flag: options.databaseURL, environment: environment, readFile: readFile)
        project = Setting(options.project, flag: "project", default: ".")
        schema = Setting(options.schema, options.schema == nil ? .standard : .flag("schema"))
        ledgerSchema = Setting(options.ledgerSchema, flag: "ledger-schema", default: Identifier("etl"))
        deadlines = Deadlines(options.deadlines)
        documentBytes = Setting(options.documentBytes, flag: "max-document-bytes", default: 8 << 20)
    }
}

/// Why the settings were refused.
enum SettingsError: Error, Equatable {
    case url(DatabaseURLError, from: Origin)
    case file(EnvironmentFile.Problem)
    case fileNotOpened(EnvironmentFileOpening.Refusal)
    case unreadableVariable(String)
    /// The flag's URL holds a password, which the process list shows.
    case passwordInFlag
}

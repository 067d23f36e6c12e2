import Glibc
import Postgres

/// How the database is reached: what the URL states, and what libpq takes from the environment beside it.
struct DatabaseSettings: Sendable, Equatable {
    /// The URL, where one was stated; without one libpq decides alone.
    let url: Setting<DatabaseURL>?
    /// Variables of libpq that are set and count, by keyword.
    let variables: [Variable]
    /// Variables that must be unset before connecting, because they would turn a stated URL elsewhere.
    let overruledVariables: [String]
    /// What nobody stated and libpq must be told all the same: a host elsewhere has to prove who it is.
    let standardParameters: [ConnectionParameter]
    let notices: [Notice]

    /// A variable of libpq that has a value.
    struct Variable: Sendable, Equatable {
        let name: String
        let parameter: ConnectionParameter
    }

    /// What the operator should know about how the settings were understood.
    enum Notice: Sendable, Equatable {
        case url(DatabaseURL.Notice)
        case notReadFromFile(variable: String, line: Int)
        case overruled(variable: String)
        case serviceDecides
    }

    /// Settles the database. A connection that could go over a network is protected unless it is said how it is to be.
    init(
        flag: Secret?, environment: ProcessEnvironment,
        readFile: () throws(EnvironmentFileOpening.Refusal) -> [UInt8]?
    ) throws(SettingsError) {
        if let name = environment.unreadable.first { throw .unreadableVariable(name) }
        var notices: [Notice] = []
        let url = try Self.url(flag: flag, environment: environment, readFile: readFile, notices: &notices)
        let set = ConnectionKeyword.variables.compactMap { variable in
            environment.stated(variable.name).map {
                Variable(name: variable.name, parameter: .init(keyword: variable.keyword, value: $0))
            }
        }
        let overrules = url?.value.value(of: "host") != nil && url?.value.value(of: "hostaddr") == nil
        let overruled = set.filter { overrules && $0.name == "PGHOSTADDR" }.map(\.name)
        self.url = url
        overruledVariables = overruled
        variables = set.filter { variable in
            !overruled.contains(variable.name) && url?.value.value(of: variable.parameter.keyword) == nil
        }
        notices += (url?.value.notices ?? []).map(Notice.url)
        notices += overruled.map(Notice.overruled)
        let route = Route(url: url, variables: variables)
        standardParameters =
            route.isUnprotected ? [ConnectionParameter(keyword: "sslmode", value: "verify-full")] : []
        if route.isLeftToService { notices.append(.serviceDecides) }
        self.notices = notices
    }

    /// What the URL states; libpq finds the rest.
    var connectionParameters: [ConnectionParameter] { url?.value.parameters ?? [] }

    /// What to connect to, passwords included.
    var target: ConnectionTarget {
        ConnectionTarget(
            keywords: (connectionParameters + standardParameters).map { (name: $0.keyword, value: $0.revealed()) })
    }

    private static func url(
        flag: Secret?, environment: ProcessEnvironment,
        readFile: () throws(EnvironmentFileOpening.Refusal) -> [UInt8]?, notices: inout [Notice]
    ) throws(SettingsError) -> Setting<DatabaseURL>? {
        if let flag {
            let url = try parse(flag.revealed(), from: .flag("database-url"))
            guard !url.parameters.contains(where: { ConnectionKeyword.isSecret($0.keyword) }) else {
                throw .passwordInFlag
            }
            return Setting(url, .flag("database-url"))
        }
        if let text = environment.value("DATABASE_URL") {
            let origin = Origin.environment("DATABASE_URL")
            return Setting(try parse(text, from: origin), origin)
        }
        guard let file = try file(readFile) else { return nil }
        notices += file.unread.map { .notReadFromFile(variable: $0.name, line: $0.line) }
        guard let entry = file.databaseURL else { return nil }
        let origin = Origin.file(line: entry.line)
        return Setting(try parse(entry.value.revealed(), from: origin), origin)
    }

    private static func parse(_ text: String, from origin: Origin) throws(SettingsError) -> DatabaseURL {
        do throws(DatabaseURLError) {
            return try DatabaseURL(text)
        } catch {
            throw .url(error, from: origin)
        }
    }

    private static func file(
        _ readFile: () throws(EnvironmentFileOpening.Refusal) -> [UInt8]?
    ) throws(SettingsError) -> EnvironmentFile? {
        let bytes: [UInt8]?
        do throws(EnvironmentFileOpening.Refusal) {
            bytes = try readFile()
        } catch {
            throw .fileNotOpened(error)
        }
        guard let bytes else { return nil }
        do throws(EnvironmentFile.Problem) {
            return try EnvironmentFile(bytes)
        } catch {
            throw .file(error)
        }
    }
}

extension DatabaseSettings {
    /// Takes overruled variables out of this process's environment, which is the only way to keep libpq from
    /// reading them. Call it before a thread is started: the environment is not safe to change beside others.
    func clearOverruledVariables() {
        for name in overruledVariables { unsetenv(name) }
    }
}

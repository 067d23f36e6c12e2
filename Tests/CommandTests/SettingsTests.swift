import Postgres
import Testing

@testable import etl

@Suite("Settings")
struct SettingsTests {
    @Test("the flag wins over the environment, the environment over .env, and each says where it came from")
    func precedence() throws {
        var options = GlobalOptions()
        let environment = ProcessEnvironment(["DATABASE_URL": "postgresql:///env", "PGDATABASE": "pg"])
        let file = "A=1\nDATABASE_URL=postgresql:///file"
        options.databaseURL = Secret("postgresql:///flag")
        try expectDatabase("flag", .flag("database-url"), settings(options, environment, file))
        options.databaseURL = nil
        try expectDatabase("env", .environment("DATABASE_URL"), settings(options, environment, file))
        try expectDatabase("file", .file(line: 2), settings(options, ProcessEnvironment([:]), file))
        let libpq = try settings(options, ProcessEnvironment(["PGDATABASE": "pg"]), nil)
        #expect(libpq.database.url == nil)
        #expect(libpq.database.variables.map(\.name) == ["PGDATABASE"])
        #expect(libpq.database.target.keywords.isEmpty)
    }

    @Test("the URL wins over libpq's variables for what it states, and for nothing else")
    func urlAndVariables() throws {
        let environment = ProcessEnvironment([
            "DATABASE_URL": "postgresql://localhost/db", "PGHOST": "elsewhere", "PGPORT": "5433",
            "PGDATABASE": "x", "PGPASSWORD": "S3cr3t", "PGUSER": "",
        ])
        let database = try settings(GlobalOptions(), environment, nil).database
        #expect(database.variables.map(\.name) == ["PGPORT", "PGPASSWORD"])
    }

    @Test("an address in the environment can't lead a URL's host elsewhere")
    func address() throws {
        let environment = ProcessEnvironment([
            "DATABASE_URL": "postgresql://localhost/db", "PGHOSTADDR": "10.0.0.1",
        ])
        let database = try settings(GlobalOptions(), environment, nil).database
        #expect(database.overruledVariables == ["PGHOSTADDR"])
        #expect(database.notices == [.overruled(variable: "PGHOSTADDR")])
    }

    @Test(".env is not looked at when the flag or the environment names a database")
    func fileUnread() throws {
        let environment = ProcessEnvironment(["DATABASE_URL": "postgresql:///env"])
        let settings = try Settings(GlobalOptions(), environment: environment) {
            () throws(EnvironmentFileOpening.Refusal) in
            Issue.record("it was read")
            return nil
        }
        #expect(settings.database.url?.value.value(of: "dbname") == "env")
    }

    @Test("variables of libpq in .env do not count, and that is said")
    func variablesInFile() throws {
        let file = "PGPASSWORD=S3cr3t\nDATABASE_URL=postgresql:///db\nPGFOO=x"
        let database = try settings(GlobalOptions(), ProcessEnvironment([:]), file).database
        #expect(database.variables.isEmpty)
        #expect(database.notices == [.notReadFromFile(variable: "PGPASSWORD", line: 1)])
    }

    @Test("an empty or blank URL is an error that names its source")
    func blank() {
        for value in ["", "  "] {
            #expect(throws: SettingsError.url(.blank, from: .environment("DATABASE_URL"))) {
                try settings(
                    GlobalOptions(), ProcessEnvironment(["DATABASE_URL": value]), "DATABASE_URL=postgresql://"
                )
            }
        }
        #expect(throws: SettingsError.url(.blank, from: .file(line: 1))) {
            try settings(GlobalOptions(), ProcessEnvironment([:]), "DATABASE_URL=\n")
        }
    }

    @Test("a password that hides in the flag's URL behind percent signs is found")
    func passwordInFlag() {
        var options = GlobalOptions()
        for url in ["postgresql:///db?pass%77ord=S3cr3t", "postgresql:///db?%73slpassword=S3cr3t"] {
            options.databaseURL = Secret(url)
            #expect(throws: SettingsError.passwordInFlag) {
                try settings(options, ProcessEnvironment([:]), nil)
            }
        }
        #expect(Explanation(.passwordInFlag).lines.joined().contains(".pgpass"))
    }

    @Test(
        "a server on another machine has to prove who it is, where no sslmode is stated",
        arguments: [
            ["DATABASE_URL": "postgresql://db.example/x"],
            ["DATABASE_URL": "postgresql://10.0.0.1/x"],
            ["DATABASE_URL": "postgresql://[2001:db8::1]/x"],
            ["DATABASE_URL": "postgresql://localhost,db.example/x"],
            ["DATABASE_URL": "postgresql:///x?host=db.example"],
            ["DATABASE_URL": "postgresql:///x?hostaddr=10.0.0.1"],
            ["DATABASE_URL": "postgresql://localhost/x?hostaddr=10.0.0.1"],
            ["DATABASE_URL": "postgresql://db.example/x", "PGSSLMODE": ""],
            ["DATABASE_URL": "postgresql://db.example/x", "PGSERVICE": "s"],
            ["DATABASE_URL": "postgresql:///x", "PGHOST": "db.example"],
            ["PGHOST": "db.example"],
            ["PGHOSTADDR": "10.0.0.1"],
            ["PGHOST": "localhost", "PGHOSTADDR": "10.0.0.1"],
            ["PGHOST": "localhost.example"],
            ["PGHOST": "127.0.0.1.example"],
        ])
    func remote(environment: [String: String]) throws {
        let settings = try settings(GlobalOptions(), ProcessEnvironment(environment), nil)
        // Where libpq is given a keyword twice, the last one counts.
        #expect(settings.database.target.keywords.last { $0.name == "sslmode" }?.value == "verify-full")
        let row = SettingsTable(settings).rows.first { $0.name == "  sslmode" && $0.origin == .standard }
        #expect(row?.value == "verify-full")
    }

    @Test(
        "a server here, or one whose sslmode is stated, is connected to as it is said",
        arguments: [
            [:],
            ["DATABASE_URL": "postgresql:///x"],
            ["DATABASE_URL": "postgresql://localhost/x"],
            ["DATABASE_URL": "postgresql://LocalHost/x"],
            ["DATABASE_URL": "postgresql://127.0.0.1/x"],
            ["DATABASE_URL": "postgresql://[::1]/x"],
            ["DATABASE_URL": "postgresql://localhost,127.0.0.1/x"],
            ["DATABASE_URL": "postgresql:///x?host=/run/x"],
            ["DATABASE_URL": "postgresql://db.example/x?sslmode=disable"],
            ["DATABASE_URL": "postgresql://db.example/x?ssl=require"],
            ["DATABASE_URL": "postgresql://db.example/x", "PGSSLMODE": "verify-full"],
            ["DATABASE_URL": "postgresql://localhost/x", "PGHOST": "db.example"],
            ["PGHOST": "/run/x"],
            ["PGHOST": "db.example", "PGSSLMODE": "require"],
        ])
    func accepted(environment: [String: String]) throws {
        let settings = try settings(GlobalOptions(), ProcessEnvironment(environment), nil)
        #expect(settings.database.standardParameters.isEmpty)
    }

    @Test("a service decides about host and sslmode, and that is said")
    func service() throws {
        for environment in [
            ["PGSERVICE": "s"], ["PGSERVICE": "s", "PGHOST": "db.example"],
            ["DATABASE_URL": "postgresql:///?service=s"],
        ] {
            let database = try settings(GlobalOptions(), ProcessEnvironment(environment), nil).database
            #expect(database.notices == [.serviceDecides])
        }
    }

    @Test("sessions get the deadlines that were stated, and the defaults of the others")
    func deadlines() throws {
        var options = GlobalOptions()
        options.deadlines.lock = .milliseconds(50)
        let deadlines = try settings(options, ProcessEnvironment([:]), nil).deadlines.forSessions
        #expect(deadlines == Postgres.Deadlines(lock: 0.05))
    }

    private func expectDatabase(_ name: String, _ origin: Origin, _ settings: Settings) {
        #expect(settings.database.url?.value.value(of: "dbname") == name)
        #expect(settings.database.url?.origin == origin)
    }
}

/// Settings as they follow from options, variables and the text of a `.env` file.
func settings(
    _ options: GlobalOptions, _ environment: ProcessEnvironment, _ file: String?
) throws(SettingsError) -> Settings {
    try Settings(options, environment: environment) { () throws(EnvironmentFileOpening.Refusal) in
        file.map { Array($0.utf8) }
    }
}

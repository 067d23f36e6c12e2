import Glibc
import Support
import Testing

@testable import etl

@Suite("The program")
struct ProgramTests {
    @Test(
        "what is wrong with the command line or the configuration ends with 2, and no password is shown",
        arguments: [
            (["rnu"], [:]),
            ([], [:]),
            (["run", "--json"], [:]),
            (["--database-url", "postgresql://u:S3cr3t@h/db", "config"], [:]),
            (["--json", "--database-url=postgresql://u:S3cr3t@h/db", "config"], [:]),
            (["config"], ["DATABASE_URL": "postgresql://u:S3c@r3t@h/db"]),
            (["config"], ["DATABASE_URL": "postgresql://u:S3cr3t@h/db?ssl=true"]),
            (["config", "--json"], ["DATABASE_URL": "postgresql+asyncpg://u:S3cr3t%zz@h/db"]),
            (["config"], ["DATABASE_URL": "mysql://u:S3cr3t@h/db"]),
            (["config"], ["DATABASE_URL": " "]),
            (["config"], ["DATABASE_URL": "postgresql://u@h:S3cr3t/db", "PGPASSWORD": "S3cr3t"]),
            (["config", "--log-file", "/"], [:]),
        ] as [([String], [String: String])])
    func usage(arguments: [String], variables: [String: String]) throws {
        let result = try run(arguments, variables)
        let isJSON = arguments.contains("--json")
        #expect(result.status == 2)
        #expect(result.output.isEmpty != isJSON)
        let said = isJSON ? result.output : result.stderr
        #expect(said.contains(isJSON ? #""next":""# : "next: "))
        #expect(said.hasPrefix(isJSON ? #"{"event":"ended","code":2,"name":"usage","# : "etl: "))
        let everything = result.output + result.stderr
        #expect(!everything.contains("S3c") && !everything.contains("r3t"))
    }

    @Test("config shows what it was given, with the password of every source left out")
    func redacted() throws {
        try inDirectory { directory in
            try write(
                "DATABASE_URL='postgresql://u:S3cr3t@localhost/db'\nPGPASSWORD=S3cr3t",
                to: directory + "/.env", mode: 0o600)
            let result = try run(["config"], ["PGSSLROOTCERT": "ca"], directory: directory)
            #expect(result.status == 0)
            #expect(result.output.contains("postgresql://u:***@localhost/db"))
            #expect(result.output.contains(".env line 1"))
            #expect(
                result.stderr
                    == "etl: PGPASSWORD on line 2 of .env is not read: only DATABASE_URL is taken from there\n"
            )
            #expect(!result.output.contains("S3cr3t"))
        }
    }

    @Test("a .env that others may write to is refused, one in the directory above is not looked for")
    func environmentFile() throws {
        try inDirectory { directory in
            try write("DATABASE_URL=postgresql:///db", to: directory + "/.env", mode: 0o664)
            let refused = try run(["config"], [:], directory: directory)
            #expect(refused.status == 2)
            #expect(refused.stderr.contains("mode 664") && refused.stderr.contains("next: chmod go-w .env"))
            mkdir(directory + "/below", 0o700)
            let below = try run(["config"], [:], directory: directory + "/below")
            #expect(below.status == 0 && below.output.hasPrefix("database-url        - "))
        }
    }

    @Test("help works where the configuration is broken, and goes to stdout")
    func help() throws {
        for arguments in [["--help"], ["help", "run"], ["run", "--help"], ["--version"]] {
            let result = try run(arguments, ["DATABASE_URL": ""])
            #expect(result.status == 0 && result.stderr.isEmpty && result.output.hasPrefix("etl"))
        }
    }

    @Test("a reader that goes away does not end the program by a signal")
    func reader() throws {
        let result = try runProgram(
            "sh", arguments: ["-c", "{ \"$0\" --help; echo $? >&2; } | true", etlBinary],
            environment: plainEnvironment)
        #expect(result.stderr == "0\n")
    }

    @Test("list shows the stages, marks what is optional and destructive, and does not hide a broken file")
    func list() throws {
        try inDirectory { directory in
            for name in ["/pipelines", "/sql"] { mkdir(directory + name, 0o700) }
            try write("select 1", to: directory + "/sql/a.sql", mode: 0o600)
            try write(
                """
                { "name": "good", "title": "Moves things", "stages": [
                  { "name": "one", "kind": "sql", "sql": "sql/a.sql" },
                  { "name": "two", "kind": "sql", "sql": "sql/a.sql", "optional": true },
                  { "name": "three", "kind": "sql", "sql": "sql/a.sql", "optional": true, "destructive": true } ] }
                """, to: directory + "/pipelines/good.json", mode: 0o600)
            try write("{", to: directory + "/pipelines/bad.json", mode: 0o600)
            let result = try run(["list"], ["DATABASE_URL": ""], directory: directory)
            #expect(result.status == 0)
            #expect(result.output.hasPrefix("bad: can't be run as it is\n  pipelines/bad.json:"))
            #expect(result.output.hasSuffix("good: Moves things\n  one, [two], [three!]\n"))
            let json = try run(["list", "--json", "--project", directory], [:])
            #expect(
                json.output.contains(#"{"name":"three","kind":"sql","optional":true,"destructive":true}"#))
        }
    }

    @Test("list outside a project says where to go")
    func listNowhere() throws {
        try inDirectory { directory in
            let result = try run(["list"], [:], directory: directory)
            #expect(result.status == 2 && result.stderr.contains("--project"))
        }
    }

    private func run(
        _ arguments: [String], _ variables: [String: String], directory: String = "/"
    ) throws -> ProgramResult {
        try runProgram(
            etlBinary, arguments: arguments, environment: plainEnvironment.merging(variables) { $1 },
            directory: directory)
    }
}

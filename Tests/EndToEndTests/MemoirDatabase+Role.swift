import Foundation
import Support
import Synchronization

/// The program as two roles that are no superusers and may do what `etl grants` says, and nothing else:
/// `ETL_E2E_ROLES=etl_owner,etl_runner swift test --filter EndToEndTests`. Which tests cannot run so, and why, says
/// `Tests/not-as-roles.txt`.
extension MemoirDatabase {
    /// The two roles; nil where the program works as the server's superuser.
    static let roles: (owner: String, runner: String)? = {
        let names = (ProcessInfo.processInfo.environment["ETL_E2E_ROLES"] ?? "").split(separator: ",").map(String.init)
        return names.count == 2 ? (names[0], names[1]) : nil
    }()

    /// Who gives a command: the role whose matter it is, which gets first what `etl grants` prints for what is there by now.
    /// The words may stand in a script.
    @discardableResult
    func user(for words: [String]) throws -> String {
        guard let roles = Self.roles else { return "postgres" }
        let schemas = Schemas(words)
        try grant(roles, schemas)
        let words = words.flatMap { $0.split(separator: " ").map(String.init) }
        switch words.first(where: ["run", "plan", "preflight", "undo", "purge"].contains) {
        case "undo", "purge": return roles.owner
        case nil: return roles.runner
        default: return try altersTables(words, schemas) ? roles.owner : roles.runner
        }
    }

    /// Which schemas the words of a command mean.
    private struct Schemas {
        let options: [String]
        let ledger: String

        init(_ arguments: [String]) {
            options = arguments.indices.filter { ["--schema", "--ledger-schema"].contains(arguments[$0]) }
                .flatMap { arguments[$0...].prefix(2) }
            ledger = arguments.firstIndex(of: "--ledger-schema").map { arguments[$0 + 1] } ?? "etl"
        }
    }

    /// Gives the roles what they need, as far as it is about what is there; nothing where nothing came since.
    private func grant(_ roles: (owner: String, runner: String), _ schemas: Schemas) throws {
        let there = try superuser(
            """
            select c.oid, relowner, array_agg(attname order by attnum) from pg_class c join pg_attribute on attrelid = c.oid
             where relkind in ('r', 'p') and relnamespace not in ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
               and attnum > 0 and not attisdropped group by c.oid order by c.oid
            """)
        let state = schemas.options.joined(separator: " ") + there
        guard granted.withLock({ $0 != state }) else { return }
        var script = ""
        for pipeline in Workflow.Way.allCases.flatMap(\.pipelines) {
            let lines = try runProgram(
                etlBinary,
                arguments: ["grants", pipeline, "--owner", roles.owner, "--runner", roles.runner] + schemas.options,
                environment: plainEnvironment.merging(["DATABASE_URL": url]) { $1 }, directory: packageDirectory)
            script += lines.output
        }
        // A role that another test has just made is an error of no consequence.
        try superuser(script, stops: false)
        granted.withLock { $0 = state }
    }

    /// Whether there is anything to do, as far as the command goes, that is the owner's: scripts, constraints, drops.
    private func altersTables(_ arguments: [String], _ schemas: Schemas) throws -> Bool {
        let words = arguments.flatMap { $0.split(separator: ":") }.map { "'\($0.replacing("'", with: "''"))'" }
        let pipelines = Workflow.Way.allCases.flatMap(\.pipelines).filter(arguments.contains)
        let last = arguments.firstIndex(of: "--until").map { "'\(arguments[$0 + 1])'" } ?? "null"
        let ledger = "\"\(schemas.ledger.replacing("\"", with: "\"\""))\""
        guard try superuser("select to_regclass('\(ledger).stages') is not null") == "t\n" else { return true }
        let answer = try superuser(
            """
            select count(distinct r.pipeline) < \(pipelines.count)
                or coalesce(bool_or(s.kind in ('sql', 'constraints', 'retire') and s.state <> 'done'
                                    and (not s.optional or s.name in (\(words.joined(separator: ", "))))
                                    and s.position <= coalesce(u.position, s.position)), false)
              from \(ledger).runs r join \(ledger).stages s on s.run_id = r.id
              left join \(ledger).stages u on u.run_id = r.id and u.name = \(last)
             where r.pipeline in ('', \(words.joined(separator: ", ")))
            """)
        return answer == "t\n"
    }

    /// Runs SQL as the server's superuser.
    @discardableResult
    private func superuser(_ sql: String, stops: Bool = true) throws -> String {
        let result = try runProgram(
            TestServer.shared.psqlPath,
            arguments: ["-XAtq", "-v", "ON_ERROR_STOP=\(stops ? 1 : 0)", "-d", url, "-f", "-"],
            input: Array(sql.utf8))
        guard !stops || result.status == 0 else { throw UnexpectedEnd(result) }
        return result.output
    }
}

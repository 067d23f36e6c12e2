import Foundation
import Postgres
import Support
import Testing

@Suite struct SQLTextPsqlTests {
    /// Pieces of SQL in which a semicolon, a quote or a comment could be taken for something else. `#` stands for a number
    /// that no other piece has. Strings with escapes that go on in another line are left out: psql reads line by line and does
    /// not know there what the server knows.
    private static let pieces = [
        "m#", "'m#; it''s'", "E'm#\\'; \\\\'", "U&'m#;'", "N'm#;'", "B'0101' m#", "$$m#; ' \" /* $$",
        "$t#$ m#; $$ $t $t#$", "\"m#; \"\"\"",
        "U&\"m#;\"", "(m#; select 1)", "((m#;) ';' /* ; */)", "/* c#; */ m#", "/* c# /* ; */ ; */ m#", "m# -- c#; '\n",
        "'m#' \n 'and;'",
        "m#<>$1", "1.5e-3+m#", "m#*/**/2", "@-m#", "a$m#$b", "x::m#", "--c#;\n m#",
        "m# ~ '\\'", "0x1F m#",
        "create function m#() begin atomic select ';'; select case when true then 1 end; end",
        "create or replace procedure m#() begin atomic insert into t values (1); end", "begin_atomic m#",
        "select 1 as begin, m# as end",
    ]

    /// Statements of some pieces each, the same for the same seed.
    private static func script(seed: UInt64) -> String {
        var random = SeededNumbers(seed: seed)
        var number = 0
        var text = ""
        for _ in 0..<400 {
            var statement: [String] = []
            for place in 0...random.below(4) {
                number += 1
                // In the middle of a statement it would be none, but begin a body all the same.
                let piece = random.one(of: pieces.filter { place == 0 || !$0.hasPrefix("create") })
                statement.append(piece.replacing("#", with: "\(number)"))
                if piece.hasPrefix("create") { break }
            }
            text +=
                statement.joined(separator: random.one(of: [" ", "\n", "\t/* c; */ "]))
                + random.one(of: [";", " ;\n", "\n;", ";;"])
        }
        return text
    }

    @Test("statements are told apart where psql tells them apart", arguments: [1, 2, 3] as [UInt64])
    func differential(seed: UInt64) throws {
        let text = Self.script(seed: seed)
        let ours = try SQLScript(name: "random", bytes: Array(text.utf8)).statements.map { Self.marks($0.text) }
        let database = try TestServer.shared.database()
        let log = NSTemporaryDirectory() + "etl-psql-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: log) }
        // Hardly a statement means anything to the server; psql writes each down before it sends it.
        _ = try runProgram(
            "psql", arguments: ["-Xq", "-d", database.url, "-L", log, "-f", "-"],
            input: Array(text.utf8))
        let written = try String(contentsOfFile: log, encoding: .utf8)
        let theirs = written.split(separator: #//?\*+ QUERY \*+/?\n/#).map { Self.marks(String($0)) }
        #expect(ours.count > 350)
        #expect(ours == theirs.filter { !$0.isEmpty })
    }

    /// The numbers of the pieces in a statement.
    private static func marks(_ statement: String) -> [String] {
        statement.matches(of: #/m\d+/#).map { String($0.output) }
    }
}

import Postgres
import Support
import Testing

/// A statement with its place for a range.
private func ranged(_ sql: String) throws -> RangedStatement {
    try RangedStatement(SQLScript(name: "t.sql", bytes: Array(sql.utf8)))
}

/// Why a script is none; nil when it is one.
private func fault(_ sql: String) throws -> RangedStatement.Fault? {
    let script = try SQLScript(name: "t.sql", bytes: Array(sql.utf8))
    do throws(RangedStatement.Fault) {
        _ = try RangedStatement(script)
        return nil
    } catch {
        return error
    }
}

@Suite("A statement for a range of keys")
struct RangedStatementTests {
    @Test("has the condition, in parentheses, where it says :range, and is otherwise as it was written")
    func text() throws {
        let sql = try ranged(
            "-- First\nUPDATE \"Ü\" AS source\n   SET é = 'ß' -- :range\n WHERE :range AND é <> 'ß';\n"
        )
        .sql(where: "a > \(.int(1)) or b")
        #expect(sql.text == "UPDATE \"Ü\" AS source\n   SET é = 'ß' -- :range\n WHERE (a > $1 or b) AND é <> 'ß'")
        #expect(sql.parameters.count == 1)
    }

    @Test("knows its file and the line where it begins, and what of it means nothing")
    func canonical() throws {
        let one = try ranged("-- First\n\nDelete  from t source where :range")
        #expect(one.name == "t.sql")
        #expect(one.line == 3)
        #expect(String(decoding: one.canonicalText, as: UTF8.self) == "delete from t source where : range")
        #expect(try one.canonicalText == ranged("delete from t source where /* */ :range;").canonicalText)
        #expect(try one.canonicalText != ranged("delete from t source where not :range").canonicalText)
    }

    /// Each gives one column of a table `t` (id, numbers, range), in which there is a type `range`, too.
    static let tricky = [
        "select id from t source where :range",
        "select id from t source where not :range",
        "select id || ':range' from t source where :range",
        #"select x.":range" from (select id as ":range" from t source where :range) x"#,
        "select id || $$:range$$ || $x$:range $$ $x$ from t source where :range",
        #"select id || e'\':range' || u&'\003a:range' from t source where :range"#,
        "select id -- :range '\n from t source /* :range /* :range */ :range ' */ where :range",
        "select id::range from t source where :range",
        "select numbers[1 : range]::text from t source where :range",
    ]

    @Test("means what the same file means to psql that is told the range", arguments: tricky)
    func psql(sql: String) async throws {
        let database = try await blocking { try TestServer.shared.database() }
        let byHand = try await blocking {
            try database.psql(
                """
                create domain range as integer;
                create table t (id integer, numbers integer[], range integer);
                insert into t select i, array[i, i + 1, i + 2], 2 from generate_series(1, 5) i;
                \\set range 'source.id > 2'
                \(sql)
                """)
        }
        let statement = try ranged(sql)
        let ours = try await withSession(to: database) { connection in
            let settings = TransactionSettings(schemas: [Identifier("public")], statement: 30)
            return try connection.transaction(settings) { transaction in
                try transaction.run(statement.sql(where: "source.id > 2")).rows.map { $0.text(0) ?? "" }
            }
        }
        #expect(!ours.isEmpty)
        #expect(ours.joined(separator: "\n") == byHand)
    }

    @Test(
        "is one statement with one place",
        arguments: [
            ("delete from t where :range; delete from u where :range", RangedStatement.Fault.notOneStatement(2)),
            ("-- delete from t where :range", .notOneStatement(0)),
            ("delete from t", .notOneRange(0)), ("delete from t where :range or :range", .notOneRange(2)),
            ("delete from t where : range", .notOneRange(0)), ("delete from t where :RANGE", .notOneRange(0)),
            ("delete from t where :ranges", .notOneRange(0)), ("delete from t where :range_2", .notOneRange(0)),
            ("delete from t where a::range", .notOneRange(0)), ("delete from t where ':range'", .notOneRange(0)),
            ("delete from t where f(a :=range)", .notOneRange(0)),
            (#"delete from t where :"range""#, .notOneRange(0)), ("delete from t where :'range'", .notOneRange(0)),
            ("delete from t where $$ :range $$", .notOneRange(0)),
            ("delete from t where /* :range */ a -- :range", .notOneRange(0)),
            ("delete from t where :range and a[1:range] = b", .notOneRange(2)),
        ])
    func faults(sql: String, expected: RangedStatement.Fault) throws {
        #expect(try fault(sql) == expected)
    }

    @Test("takes no parameters, which would be given the range's own values")
    func parameters() throws {
        #expect(try fault("delete from t where :range\n and a = $1") == .parameter(line: 2))
        #expect(try fault("delete from t where :range and a = '$1' and b = $$1$$ /* $1 */") == nil)
    }
}

import Postgres
import Support
import Testing

private struct Enough: Error {}

@Suite("Binary COPY")
struct CopyTests {
    @Test("out and in again keeps every value, NULL and the empty one apart")
    func roundTrip() async throws {
        let found = try await withSession { session in
            try session.transaction { transaction in
                try transaction.run(
                    """
                    create temp table s (id int, b bigint, t text, y bytea, j jsonb);
                    create temp table t (like s);
                    insert into s values (1, 9223372036854775807, '', '', '{"a": [1, null]}'),
                                         (-2147483648, null, null, null, null),
                                         (3, -1, U&'e\\0301 \\00e9', '\\x00ff0a5c', '"x"')
                    """)
                var rows = CopyRows()
                try transaction.copyOut("select id, b, t, y, j from s") { tuple in
                    let fields = (0..<5).map { tuple[$0] }
                    rows.appendRow(fields: 5, size: tuple.bytes.count) { row in
                        for field in fields {
                            if let field { row.appendField(field) } else { row.appendNull() }
                        }
                    }
                }
                let columns = ["id", "b", "t", "y", "j"].compactMap { Identifier($0) }
                try transaction.copyIn(rows, into: "t", columns: columns)
                return try transaction.row(
                    """
                    select (select count(*) from t), count(*)
                      from (table s except all table t) d
                    """
                ).rowTexts(2)
            }
        }
        #expect(found == ["3", "0"])
    }

    @Test("gives integers of the width asked for, and nil for another width or NULL")
    func integers() async throws {
        let found = try await withSession { session in
            try session.transaction { transaction in
                var found: [Int64?] = []
                try transaction.copyOut("select '4000000000'::xid, -7, 9::bigint, null::int") { tuple in
                    found.append(tuple.uint32(0).map(Int64.init))
                    found.append(tuple.int32(1).map(Int64.init))
                    found.append(tuple.int64(2))
                    found.append(tuple.int32(3).map(Int64.init))
                    found.append(tuple.int64(1))
                }
                return found
            }
        }
        #expect(found == [4_000_000_000, -7, 9, nil, nil])
    }

    @Test("of no rows gives and stores none")
    func noRows() async throws {
        let found = try await withSession { session in
            try session.transaction { transaction in
                try transaction.run("create temp table t (n int)")
                var met = 0
                try transaction.copyOut("select n from t") { _ in met += 1 }
                try transaction.copyIn(CopyRows(), into: "t", columns: [Identifier("n")])
                return [Int64(met), try transaction.row("select count(*) from t").int(0)]
            }
        }
        #expect(found == [0, 0])
    }

    @Test("out that its reader leaves early can be rolled back, and the session goes on")
    func leftEarly() async throws {
        let (met, after) = try await withSession { session in
            var met = 0
            #expect(throws: Enough.self) {
                try session.transaction { transaction in
                    // More than the socket's buffers hold, so that the server is in the middle of it.
                    try transaction.copyOut("select g, repeat('x', 1000) from generate_series(1, 50000) g") { _ in
                        met += 1
                        if met == 3 { throw Enough() }
                    }
                }
            }
            return (met, try session.value("select 'well'"))
        }
        #expect(met == 3)
        #expect(after == "well")
    }

    @Test("out that fails on the way gives the rows before it and the server's error")
    func failsOnTheWay() async throws {
        let (met, error, after) = try await withSession { session in
            var met = 0
            let error = #expect(throws: PostgresError.self) {
                try session.transaction { transaction in
                    try transaction.copyOut("select 1 / (20000 - g) from generate_series(1, 30000) g") { _ in met += 1 }
                }
            }
            return (met, error, try session.value("select 'well'"))
        }
        #expect(met == 19_999)
        #expect(error?.serverError?.sqlstate == "22012")
        #expect(after == "well")
    }

    @Test("of a statement that is refused leaves the session usable", arguments: [true, false])
    func refused(out: Bool) async throws {
        let (error, after) = try await withSession { session in
            let error = #expect(throws: PostgresError.self) {
                try session.transaction { transaction in
                    if out {
                        try transaction.copyOut("select n from nowhere") { _ in }
                    } else {
                        try transaction.copyIn(CopyRows(), into: "nowhere", columns: [Identifier("n")])
                    }
                }
            }
            return (error, try session.value("select 'well'"))
        }
        #expect(error?.serverError?.sqlstate == "42P01")
        #expect(after == "well")
    }

    @Test("in is refused when a trigger swallows rows")
    func swallowedRows() async throws {
        let error = await #expect(throws: PostgresError.self) {
            try await withSession { session in
                try session.transaction { transaction in
                    try transaction.run(
                        """
                        create temp table t (n int);
                        create function pg_temp.skip() returns trigger language plpgsql as
                        $$ begin if new.n = 2 then return null; end if; return new; end $$;
                        create trigger skip before insert on t for each row execute function pg_temp.skip()
                        """)
                    try transaction.copyIn(numbers(1...3), into: "t", columns: [Identifier("n")])
                }
            }
        }
        #expect(error == .copyCountDiffers(table: "t", sent: 3, stored: 2))
    }

    @Test("in of 50 MB arrives whole, and soon")
    func large() async throws {
        let (rows, bytes, seconds) = try await withSession { session in
            try session.transaction { transaction in
                try transaction.run("create temp table t (n int, x text)")
                let document = [UInt8](repeating: UInt8(ascii: "x"), count: 50_000)
                var rows = CopyRows()
                for number in 0..<1_000 {
                    rows.appendRow(fields: 2, size: 4 + document.count) { row in
                        row.appendField(Int32(number))
                        row.appendField(document)
                    }
                }
                let start = MonotonicClock.now
                try transaction.copyIn(rows, into: "t", columns: [Identifier("n"), Identifier("x")])
                let seconds = MonotonicClock.now - start
                let row = try transaction.row("select count(distinct n), sum(length(x)) from t")
                return (row.int(0), row.int(1), seconds)
            }
        }
        #expect(rows == 1_000)
        #expect(bytes == 50_000_000)
        #expect(seconds < 30)
    }
}

/// Rows of one integer each.
func numbers(_ range: ClosedRange<Int32>) -> CopyRows {
    var rows = CopyRows()
    for number in range {
        rows.appendRow(fields: 1, size: 4) { $0.appendField(number) }
    }
    return rows
}

extension Row {
    /// The first fields as text.
    func rowTexts(_ count: Int) -> [String?] { (0..<count).map { text($0) } }
}

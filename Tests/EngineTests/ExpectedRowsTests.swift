import Postgres
import Support
import Testing

@testable import Engine

@Suite("Rows compared byte for byte")
struct ExpectedRowsTests {
    /// A row with an id of one repeated byte, a text and JSON.
    private func add(_ id: UInt8, _ text: String, _ json: String, to rows: inout CopyRows) {
        rows.appendRow(fields: 3, size: 16 + text.utf8.count + 1 + json.utf8.count) { row in
            row.appendField([UInt8](repeating: id, count: 16))
            row.appendField(Array(text.utf8))
            row.appendJSONB(Array(json.utf8))
        }
    }

    @Test(
        "are doubtful where they differ, are missing, are not expected, are there twice, or are printed otherwise",
        arguments: [
            ("", []), ("update notes set note = note where id = ID1", []),
            ("update notes set note = 'two!' where id = ID2", [2]), ("delete from notes where id = ID1", [1]),
            ("insert into notes values (ID7, 'seven', '{}')", [7]),
            ("update notes set id = ID7 where id = ID1", [1, 7]),
            ("insert into notes select * from notes where id = ID2", [2]),
            ("update notes set more = '{\"a\": 1.0}' where id = ID1", [1]),
            ("update notes set note = null where id = ID1", [1]), ("truncate notes", [1, 2, 3]),
        ] as [(String, [UInt8])])
    func doubtful(harm: String, expected: [UInt8]) async throws {
        let memoir = try await Memoir(1)
        func id(_ byte: UInt8) -> String { "'\(String(repeating: "0\(byte)", count: 16))'::uuid" }
        try await memoir.psql(
            """
            create table notes (id uuid, note text, more jsonb);
            insert into notes values (\(id(1)), 'one', '{"a": 1}'), (\(id(2)), 'two', '[]'), (\(id(3)), '', '{"b": [1, 2]}');
            """ + [1, 2, 7].reduce(harm) { $0.replacing("ID\($1)", with: id($1)) })
        var rows = CopyRows()
        add(1, "one", #"{"a": 1}"#, to: &rows)
        add(2, "two", "[]", to: &rows)
        add(3, "", #"{"b": [1, 2]}"#, to: &rows)
        let (target, given) = (memoir.target, rows)
        let ids = try await blocking {
            var compared = ExpectedRows(given)
            try Connection(to: target, name: "test").transaction { transaction in
                try transaction.copyOut("select id, note, more from public.notes") { try compared.meet($0) }
            }
            var ids: [UInt8] = []
            for piece in try compared.doubtful() {
                piece.ids.forEachRow { row, _, _ in ids.append(row[row.count - 1]) }
                #expect(piece.rows.count == expected.count { $0 != 7 })
            }
            return ids
        }
        #expect(ids.sorted() == expected)
    }

    @Test("come in pieces of about a megabyte, and all of them")
    func pieces() throws {
        var rows = CopyRows()
        let text = String(repeating: "x", count: 300_000)
        for id in 1...10 { add(UInt8(id), text, "{}", to: &rows) }
        let doubtful = try ExpectedRows(rows).doubtful()
        #expect(doubtful.map(\.rows.count) == [4, 4, 2])
        #expect(doubtful.map(\.ids.count) == [4, 4, 2])
    }

    @Test("need an id that is a UUID")
    func otherIDs() {
        var rows = CopyRows()
        rows.appendRow(fields: 1, size: 3) { $0.appendField(Array("key".utf8)) }
        #expect(throws: PostgresError.self) { try ExpectedRows(rows).doubtful() }
    }
}

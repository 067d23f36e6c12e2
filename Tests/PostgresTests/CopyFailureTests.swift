import Postgres
import Support
import Testing

@Suite("COPY in that the server refuses half-way")
struct CopyFailureTests {
    private func failure(
        of rows: CopyRows, into definition: String
    ) async throws -> (error: PostgresError?, after: String?) {
        try await withSession { session in
            let error = #expect(throws: PostgresError.self) {
                try session.transaction { transaction in
                    try transaction.run("create temp table t (n \(unsafe: definition))")
                    try transaction.copyIn(rows, into: "t", columns: [Identifier("n")])
                }
            }
            return (error, try session.value("select 'well'"))
        }
    }

    /// A bad value at the beginning of far more than the socket's buffers hold.
    private func batch(beginningWith bad: [UInt8]) -> CopyRows {
        let good = [UInt8](repeating: UInt8(ascii: "x"), count: 100_000)
        var rows = CopyRows()
        for value in [bad] + [[UInt8]](repeating: good, count: 200) {
            rows.appendRow(fields: 1, size: value.count) { $0.appendField(value) }
        }
        return rows
    }

    @Test("for a NUL byte in a text says so, without waiting for ever")
    func nul() async throws {
        let (error, after) = try await failure(of: batch(beginningWith: [0x61, 0]), into: "text")
        #expect(error?.serverError?.sqlstate == "22021")
        #expect(error?.errorClass == .row)
        #expect(after == "well")
    }

    @Test("for a field of another type's width says so, without waiting for ever")
    func width() async throws {
        let (error, after) = try await failure(of: batch(beginningWith: [0, 0, 0, 1, 2]), into: "int")
        #expect(error?.serverError?.sqlstate == "22P03")
        #expect(after == "well")
    }

    @Test("for a row that breaks a constraint names it")
    func constraint() async throws {
        let (error, after) = try await failure(of: numbers(1...100_000), into: "int constraint small check (n < 500)")
        #expect(error?.serverError?.sqlstate == "23514")
        #expect(error?.serverError?.constraint == "small")
        #expect(error?.serverError?.table == "t")
        #expect(after == "well")
    }
}

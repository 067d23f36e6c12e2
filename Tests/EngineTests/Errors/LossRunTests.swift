import Ledger
import Postgres
import Support
import Testing

@testable import Engine

@Suite("A row that ends every session")
struct LossRunTests {
    /// What ends the server process that comes to the row.
    enum End: String, CaseIterable, Sendable, CustomTestStringConvertible {
        case terminated = "perform pg_terminate_backend(pg_backend_pid())"
        case crashed = "copy (select) to program 'kill -9 $PPID'"

        var testDescription: String { "\(self)" }
    }

    /// Some chapters, of which the second ends whoever inserts its sections.
    private static func struck(_ rows: Int, by end: End, on server: TestServer? = nil) async throws -> Memoir {
        let memoir = try await Memoir(rows, limits: BatchLimits(rows: Int64(rows), workers: 1), on: server)
        try await memoir.run(until: "tables")
        try await memoir.psql(
            """
            create function strike() returns trigger language plpgsql as $$ begin \(end.rawValue); return new; end $$;
            create trigger strike before insert on chapter_sections for each row
                when (new.chapter_id = \(Memoir.key(2))) execute function strike()
            """)
        return memoir
    }

    @Test("is found and rejected, be it an administrator's doing or a crash of the server", arguments: End.allCases)
    func found(end: End) async throws {
        let mortal = end == .crashed ? try await blocking { try MortalServer() } : nil
        var memoir = try await Self.struck(4, by: end, on: mortal?.server)
        memoir.deadlines.outage = 120
        #expect(try await memoir.run(until: "sections").outcomes == [4, 3, 0, 1, 0])
        let reject = try await memoir.psql("select key #>> '{}' = \(Memoir.key(2))::text, code from etl.rejects")
        #expect(reject == "t|crashed-worker")
    }

    @Test("ends the run where nothing else comes of it for as long as an outage may last; the next goes on")
    func givenUp() async throws {
        var memoir = try await Self.struck(4, by: .terminated)
        memoir.deadlines.outage = 0.3
        let failure = try await memoir.failure { [memoir] in try await memoir.run(until: "sections") }
        #expect(failure.kind == .unreachable)
        #expect(failure.what.contains(" sessions were lost one after the other"), "\(failure.what)")
        try await memoir.psql("drop trigger strike on chapter_sections")
        #expect(try await memoir.run(until: "sections").outcomes == [4, 4, 0, 0, 0])
    }
}

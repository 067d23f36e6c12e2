import Postgres
import Support
import Testing

@testable import Engine

@Suite("What changed last before a drop")
struct LateRenewalTests {
    /// How a table's key is declared, and the key of a chapter by its number.
    struct KeyKind: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let type: String
        let expression: @Sendable (Int) -> String
    }

    private static let kinds =
        Memoir.KeyType.allCases.map { key in
            KeyKind(testDescription: key.name, type: key.name) { key.expression("\($0)") }
        }
        + [
            KeyKind(testDescription: "text in an order of its own", type: "text collate \"en-x-icu\"") { number in
                // A b C d ...: another order than that of the bytes.
                "(case when \(number) % 2 = 0 then 'x' else 'X' end || chr(96 + \(number) % 26) || \(number))"
            }
        ].filter { !$0.type.contains("icu") || ServerFeature.icu.isThere }

    @Test("is moved, verified and archived at once under the lock, be it in many chunks", arguments: kinds)
    func manyChunks(kind: KeyKind) async throws {
        var memoir = try await Memoir(limits: BatchLimits(rows: 4, workers: 2))
        memoir.deadlines.lock = 60
        try await memoir.psql(
            """
            drop table chapters; create table chapters (id \(kind.type) primary key, content jsonb, images jsonb);
            \((1...30).map { number in
                "insert into chapters values (\(kind.expression(number)), '[\"first of \(number)\", \"second\"]', \(number % 3 == 0 ? "'[\"\(number).jpg\"]'" : "null"));"
            }.joined(separator: "\n"))
            """)
        try await memoir.run()
        let held = try await HeldTransaction(
            in: memoir,
            """
            update chapters set content = '["one", "two", "three"]' where id in (\(list([1, 4, 8], kind)));
            update chapters set images = '["other.jpg"]' where id in (\(list([6, 10], kind)));
            update chapters set content = content where id in (\(list([13, 14], kind)));
            delete from chapters where id in (\(list([17, 21, 25], kind)));
            insert into chapters select id, '["new"]', '["new.jpg"]' from unnest(array[\(list([31, 45, 47], kind))]) id
            """)
        let recorder = Recorder()
        #expect(try await memoir.drop(waitingFor: held, reporter: recorder).summary.state == "done")
        // Each once: nothing was left to be looked for chunk by chunk.
        #expect(recorder.notices.contains { $0.contains("in which 13 rows that had just changed were brought over") })
        #expect(try await made(by: memoir) == made(anewFrom: memoir, kind))
        #expect(try await memoir.psql("select count(*), sum(rows) from etl.archives") == "1|30")
        // The ledger knows of each row as it is now.
        let seen = try await memoir.psql(
            """
            select c.stage, sum(read), sum(migrated), sum(gone), sum(length(seen)) / 12, sum(c.seen_sum) = max(a.seen_sum),
                   c.stage <> 'sections' or sum(target_rows) = (select count(*) from chapter_sections)
              from etl.chunks c, etl.archives a group by c.stage order by c.stage
            """)
        #expect(seen == "sections|33|30|3|30|t|t\nverify|30|30|0|30|t|t")
    }

    @Test("leaves a chapter that cannot be migrated any more a reject, which stops the drop until it is accepted")
    func reject() async throws {
        var memoir = try await Memoir(12)
        memoir.deadlines.lock = 60
        try await memoir.run()
        let held = try await HeldTransaction(
            in: memoir, "update chapters set content = '[7]' where id = \(Memoir.key(5))")
        let waiting = memoir
        let failure = try await memoir.failure { try await waiting.drop(waitingFor: held) }
        #expect(failure.what.contains("1 reject is open: bad-section 1"))
        // All of it was undone with the lock; the next attempt finds the same before it.
        #expect(try await memoir.columns() == "id content images cover_image")
        #expect(try await memoir.psql("select count(*) from etl.rejects") == "0")
        let again = try await memoir.failure { try await memoir.drop() }
        #expect(again.what.contains("1 reject is open: bad-section 1"))
        #expect(try await memoir.drop(memoir.consent(rejects: 1)).summary.state == "done")
        #expect(
            try await memoir.psql("select count(*) from chapter_sections where chapter_id = \(Memoir.key(5))") == "0")
    }

    private func list(_ numbers: [Int], _ kind: KeyKind) -> String {
        numbers.map(kind.expression).joined(separator: ", ")
    }

    private func made(by memoir: Memoir) async throws -> String {
        try await memoir.psql(
            """
            select id, chapter_id, order_index, title, content, image, attributes from chapter_sections order by id;
            select id, cover_image from chapters order by id::text collate "C"
            """)
    }

    /// What a run makes of the chapters as they were archived.
    private func made(anewFrom memoir: Memoir, _ kind: KeyKind) async throws -> String {
        let other = try await Memoir()
        let rows = try await memoir.psql(
            """
            select string_agg(format('(%L, %L::jsonb, %L::jsonb)', id, content, images), ',')
              from etl.archive_1_drop_old_columns
            """)
        try await other.psql(
            """
            drop table chapters; create table chapters (id \(kind.type) primary key, content jsonb, images jsonb);
            insert into chapters values \(rows)
            """)
        try await other.run()
        return try await made(by: other)
    }
}

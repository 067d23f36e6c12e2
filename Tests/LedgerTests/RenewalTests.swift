import Ledger
import Postgres
import Support
import Testing

@Suite("A ledger of an older program")
struct RenewalTests {
    /// What makes a ledger one of version 1.
    private static let toVersion1 = "alter table stages drop column second_target_oid; update ledger set version = 1"
    private static let columns = """
        select string_agg(attname || ' ' || format_type(atttypid, atttypmod) || ' '
                          || coalesce(col_description(attrelid, attnum), '-'), ', ' order by attname)
          from pg_attribute where attrelid = 'stages'::regclass and attnum > 0 and not attisdropped
        """

    @Test("gets what it lacks, once, and is like one that was made anew")
    func renewed() async throws {
        let book = try await Book.open()
        let anew = try await book.psql(Self.columns)
        #expect(try await book.write { try book.ledger.outdated($0) } == nil)
        _ = try await book.psql(Self.toVersion1)
        #expect(try await book.write { try book.ledger.presence($0) } == .ours)
        let outdated = try #require(try await book.write { try book.ledger.outdated($0) })
        #expect(outdated.version == 1)
        #expect(outdated.mayBeRenewed)
        for _ in 1...2 { try await book.write { try book.ledger.renew($0) } }
        #expect(try await book.write { try book.ledger.outdated($0) } == nil)
        #expect(try await book.psql(Self.columns) == anew)
    }

    @Test("can be read as it is")
    func read() async throws {
        let book = try await Book.open()
        let stage = try await book.beginStage()
        _ = try await book.psql(Self.toVersion1)
        let stages = try await book.write { try book.ledger.stages(of: stage.run, $0).map(\.name) }
        #expect(stages == ["load"])
    }
}

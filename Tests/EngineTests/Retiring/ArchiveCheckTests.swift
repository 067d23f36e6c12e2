import Postgres
import Support
import Testing

@testable import Engine

@Suite("Verifying after a drop")
struct ArchiveCheckTests {
    /// Twelve chapters, migrated; what their sections were made from is dropped.
    private func dropped(keepsArchive: Bool = true) async throws -> Memoir {
        let memoir = try await Memoir(12)
        try await memoir.drop(memoir.consent(keepsArchive: keepsArchive))
        return memoir
    }

    @Test("answers from the verdict that was stored, and from the archive", arguments: [true, false])
    func stored(keepsArchive: Bool) async throws {
        let memoir = try await dropped(keepsArchive: keepsArchive)
        let before = try await memoir.everything()
        let result = try await memoir.verify()
        #expect(result.counts == ["equal": 12])
        let archive =
            keepsArchive
            ? "dropped: content, images of public.chapters; all 12 rows of it are in etl.archive_1_drop_old_columns"
            : "dropped without an archive, as asked: content, images of public.chapters"
        #expect(result.basis == .stored(archives: [archive]))
        #expect(try await memoir.everything() == before)
    }

    @Test(
        "fails where the archive is not as it was made",
        arguments: [
            ("delete from ARCHIVE where id = KEY", "is not as it was made: it has 11 rows of 12"),
            (
                "update ARCHIVE set row_xmin = row_xmin + 1 where id = KEY",
                "is not as it was made: it has 12 rows of 12"
            ),
            ("drop table ARCHIVE", "is gone"),
        ])
    func harmed(statement: String, sign: String) async throws {
        let memoir = try await dropped()
        try await memoir.psql(
            statement.replacing("ARCHIVE", with: "etl.archive_1_drop_old_columns").replacing("KEY", with: Memoir.key(3))
        )
        let failure = try await memoir.failure { try await memoir.verify() }
        #expect(failure.kind == .failed)
        #expect(failure.what.contains("archive etl.archive_1_drop_old_columns") && failure.what.hasSuffix(sign))
    }

    @Test("says that a role which may only read the ledger could not look into the archive")
    func reader() async throws {
        let memoir = try await dropped()
        let reader = try await memoir.asReader()
        try await memoir.psql("revoke all on etl.archive_1_drop_old_columns from \(reader.user ?? "")")
        let result = try await reader.verify()
        guard case .stored(let archives) = result.basis else { throw Unstored() }
        #expect(archives.count == 1 && archives[0].hasSuffix("so it was not checked"))
    }

    @Test("of a pipeline that read columns which another one dropped answers from that archive, too")
    func otherPipeline() async throws {
        let memoir = try await Memoir(12)
        try await memoir.run()
        try await memoir.of("memoir-images").run()
        try await memoir.of("section-image-id").drop()
        let archive =
            "dropped: image of public.chapter_sections; all 28 rows of it are in etl.archive_3_drop_section_image"
        for pipeline in ["chapter-sections", "memoir-images", "section-image-id"] {
            #expect(try await memoir.of(pipeline).verify().basis == .stored(archives: [archive]))
        }
    }

    @Test("is not possible any more for a column that another drop relies on, which says so")
    func unverifiable() async throws {
        let memoir = try await Memoir(12)
        try await memoir.run()
        try await memoir.of("memoir-images").run()
        try await memoir.of("section-image-id").drop()
        try await memoir.psql("update chapters set content = content where id = \(Memoir.key(3))")
        let failure = try await memoir.refusal()
        #expect(failure.what == "in public.chapters 1 row changed since it was verified")
        #expect(
            failure.next == "it cannot be verified again while image of public.chapter_sections is dropped: "
                + "bring that back first")
    }

    private struct Unstored: Error {}
}

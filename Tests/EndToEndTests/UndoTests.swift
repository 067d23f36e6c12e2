import Support
import Testing

extension Behaviour {
    @Suite struct UndoTests {
        @Test("undo and purge say what they did, ask for the database's name, and have nothing to do the second time")
        func whole() async throws {
            let database = try await MemoirDatabase.holding(Chapters(rows: 20, seed: 81, bad: 0))
            for verb in ["undo", "purge"] {
                let early = try await database.etl(verb, "chapter-sections")
                #expect(early.status == 0)
                #expect(early.output == "chapter-sections: nothing to \(verb)\n")
            }
            #expect(try await database.etl("run", "chapter-sections").status == 0)
            let unconfirmed = try await database.etl("undo", "chapter-sections")
            #expect(unconfirmed.status == 4)
            #expect(unconfirmed.stderr.hasSuffix("next: etl undo chapter-sections --confirm \(database.name)\n"))
            let undone = try await database.etl("undo", "chapter-sections", "--confirm", database.name)
            #expect(undone.status == 0, "\(undone.stderr)")
            #expect(undone.output.hasPrefix("chapter-sections: undone\n  constraints: removed constraint "))
            #expect(
                undone.output.hasSuffix(
                    "\n  tables: removed column public.chapters.cover_image, table public.chapter_sections\n"))
            #expect(try await database.etl("status").output.hasPrefix("chapter-sections: undone ("))
            let again = try await database.etl("undo", "chapter-sections", "--json")
            #expect(again.status == 0)
            #expect(again.output.contains(#""nothing_to_do":true"#))
            let purged = try await database.etl("purge", "chapter-sections")
            #expect(purged.status == 0, "\(purged.stderr)")
            #expect(purged.output == "chapter-sections: run 1 is forgotten; the audit keeps its entries\n")
        }
    }
}

import Support
import Testing

extension Endurance {
    @Suite struct TypeTests {
        @Test(
            "chapters of every key and document type become the sections of the contract, once and for all",
            arguments: Chapters.Key.allCases, Chapters.Document.allCases)
        func types(key: Chapters.Key, document: Chapters.Document) async throws {
            let rows = EndToEnd.number("ETL_E2E_ROWS", else: 500)
            // The images' type differs from the content's, so that every one of them is met too.
            let images: Chapters.Document =
                switch document {
                case .text: .json
                case .json: .jsonb
                case .jsonb: .text
                }
            let database = try await MemoirDatabase.holding(
                Chapters(
                    rows: rows, key: key, content: document, images: images, isSmall: false,
                    covers: key == .text ? .existing : .absent))
            let first = try await database.etl("run", "chapter-sections")
            #expect(first.status == 3, "\(first.stderr)")
            let verdict = try await database.verdict()
            #expect(verdict.hasPrefix("judge: \(rows) chapters, ") && verdict.hasSuffix(asContracted), "\(verdict)")

            let hash = try await database.hash()
            let again = try await database.start(["run", "chapter-sections"]).timedEnd()
            #expect(again.result.status == 3)
            #expect(again.result.output.hasPrefix("chapter-sections: nothing to do, "))
            #expect(again.result.output.hasSuffix(" open\n"))
            #expect(again.seconds < 1)
            #expect(try await database.hash() == hash)
        }

        @Test(
            "every case of the contract holds in the database, for each type of column in which it can exist",
            arguments: Chapters.Document.allCases, Chapters.Document.allCases)
        func cases(content: Chapters.Document, images: Chapters.Document) async throws {
            let database = try await MemoirDatabase.holdingCases(content: content, images: images)
            #expect(try await database.count("chapters") > 3)
            let run = try await database.etl("run", "chapter-sections")
            #expect(run.status == 3, "\(run.stderr)")
            let verdict = try await database.verdict()
            #expect(verdict.hasSuffix(asContracted), "\(verdict)")
        }
    }
}

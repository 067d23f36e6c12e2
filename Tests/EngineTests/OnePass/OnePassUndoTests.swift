import Postgres
import Support
import Testing

@testable import Engine

@Suite("Taking one pass back")
struct OnePassUndoTests {
    @Test("brings everything back as it was, the dropped columns of both tables included")
    func whole() async throws {
        let memoir = try await Memoir.varied().of("memoir")
        try await memoir.psql("delete from chapters where content in ('[7]', '[8]') or cover_image in ('[]', 'null')")
        let before = try await memoir.picture()
        try await memoir.run()
        try await memoir.dropAll()
        #expect(try await memoir.columns() == "id cover_image")
        #expect(try await memoir.columns(of: "chapter_sections").contains(" image ") == false)
        try await memoir.undo()
        let differences = Memoir.differences(before, try await memoir.picture())
        #expect(differences == [], "\(differences)")
        try await memoir.run()
        #expect(try await memoir.verify().hasPassed)
    }

    @Test("goes on after a stop, whichever of the columns was half there", arguments: 1...2)
    func stopped(after stops: Int) async throws {
        let memoir = try await Memoir(12).of("memoir")
        let before = try await memoir.picture()
        try await memoir.run()
        try await memoir.dropAll()
        for _ in 1...stops {
            let interruption = Interruption()
            let stopper = Recorder { event in
                if case .progress = event { interruption.requestStop(signal: 15) }
            }
            let failure = try await memoir.failure {
                try await memoir.undo(reporter: stopper, interruption: interruption)
            }
            #expect(failure.kind == .stopped(signal: 15), "\(failure)")
        }
        let half = "select string_agg(attrelid::regclass::text, ' ') from pg_attribute where attname like 'etl\\_undo%'"
        #expect(try await memoir.psql(half).contains("chapter"))
        try await memoir.undo()
        let differences = Memoir.differences(before, try await memoir.picture())
        #expect(differences == [], "\(differences)")
    }

    @Test("takes back the rows of both tables where these were there before, and no others")
    func stayingTables() async throws {
        let memoir = try await Memoir(25).of("memoir")
        for name in ["add_chapter_sections.sql", "add_memoir_images_table.sql", "add_section_image_id_fk.sql"] {
            try await memoir.psql(try await memoir.script(name))
        }
        let before = try await memoir.picture()
        try await memoir.run()
        #expect(try await memoir.undo().lacking.isEmpty)
        let differences = Memoir.differences(before, try await memoir.picture())
        #expect(differences == [], "\(differences)")
    }

    @Test("tells a picture that others changed, and keeps it until it may go")
    func changed() async throws {
        let memoir = try await Memoir(9).of("memoir")
        try await memoir.run()
        try await memoir.psql("update memoir_images set caption = 'theirs' where section_id is not null")
        let failure = try await memoir.failure { try await memoir.undo() }
        #expect(failure.kind == .refused && failure.details.contains { $0.contains("memoir_images") }, "\(failure)")
        try await memoir.undo(discardsNew: true)
        #expect(try await memoir.psql("select to_regclass('memoir_images') is null") == "t")
    }

    @Test("makes room for the three, which it is not run beside, nor they beside it")
    func rivals() async throws {
        let memoir = try await Memoir(6)
        let once = memoir.of("memoir")
        try await memoir.run(until: "tables")
        let refused = try await once.failure { try await once.run() }
        #expect(refused.kind == .refused && refused.next?.contains("etl undo chapter-sections") == true, "\(refused)")
        #expect(try await once.plan().refusals.contains { $0.what.contains("chapter-sections") })
        try await memoir.undo()
        try await once.run()
        for name in ["chapter-sections", "memoir-images", "section-image-id"] {
            let other = memoir.of(name)
            let refused = try await other.failure { try await other.run() }
            #expect(refused.kind == .refused && refused.what.contains("memoir"), "\(refused)")
        }
        try await once.undo()
        try await memoir.inRow()
    }
}

import Engine
import Ledger
import Postgres
import Support
import Synchronization
import Testing

@Suite("A table that is altered while rows are moved into it")
struct AlteredTargetTests {
    /// What somebody does to the target as soon as the first chunk is committed, and what brings it back.
    struct Change: Sendable, CustomTestStringConvertible {
        let does: String
        let undoes: String

        var testDescription: String { does }
    }

    static let changes: [Change] = [
        Change(
            does: "alter table chapter_sections add check (content !~ '^first of') not valid",
            undoes: "alter table chapter_sections drop constraint chapter_sections_content_check"),
        Change(
            does: "alter table chapter_sections drop column title",
            undoes: "alter table chapter_sections add column title text"),
        Change(
            does: "alter table chapter_sections add column editor text not null default 'x'; "
                + "alter table chapter_sections alter editor drop default",
            undoes: "alter table chapter_sections drop column editor"),
        Change(
            does: "alter table chapter_sections alter content type varchar(3) using left(content, 3)",
            undoes: "truncate chapter_sections; alter table chapter_sections alter content type text; "
                + "update etl.chunks set state = 'todo', attempt = 0"),
        Change(
            does: "create function refuse() returns trigger language plpgsql as "
                + "'begin raise check_violation; end'; create trigger refuse before insert on chapter_sections "
                + "for each row execute function refuse()",
            undoes: "drop function refuse cascade"),
        Change(
            does: "create rule aside as on insert to chapter_sections do instead nothing",
            undoes: "drop rule aside on chapter_sections"),
        Change(
            does: "alter table chapter_sections enable row level security, force row level security",
            undoes: "alter table chapter_sections disable row level security, no force row level security"),
        Change(
            does: "alter table chapter_sections rename to real; create view chapter_sections as select * from real",
            undoes: "drop view chapter_sections; alter table real rename to chapter_sections"),
    ]

    @Test("stops all workers, and rejects nothing; brought back, the run goes on", arguments: changes)
    func altered(_ change: Change) async throws {
        let memoir = try await Memoir(40, limits: BatchLimits(rows: 4, workers: 2))
        try await memoir.run(until: "tables")
        let altering = Recorder.once { _ = try? memoir.database.psql(change.does) }
        let failure = try await memoir.failure { try await memoir.run(reporter: altering) }
        #expect(failure.kind == .failed, "\(failure)")
        // What is told of it quotes no document.
        #expect(!"\(failure)".contains("first of"), "\(failure)")
        #expect(try await memoir.psql("select count(*) from etl.rejects") == "0")
        #expect(try await memoir.psql("select count(*) filter (where state <> 'done') > 0 from etl.chunks") == "t")
        #expect(try await memoir.psql("select state from etl.runs") == "failed")
        guard !change.does.contains("varchar(3)") else { return }
        try await memoir.psql(change.undoes)
        #expect(try await memoir.run().outcomes == [40, 40, 0, 0, 0])
    }

    @Test("a right that is taken away meanwhile stops the run, names the table, and loses nothing")
    func revoked() async throws {
        var memoir = try await Memoir(20, limits: BatchLimits(rows: 4, workers: 2))
        try await memoir.run(until: "tables")
        let role = "mover_of_\(memoir.database.name)"
        try await memoir.psql(
            """
            create role \(role) login; grant usage on schema public, etl to \(role);
            grant all on all tables in schema public, etl to \(role)
            """)
        let owner = memoir
        memoir.user = role
        let revoking = Recorder.once {
            _ = try? owner.database.psql("revoke insert on chapter_sections from \(role)")
        }
        let failure = try await memoir.failure { [memoir] in
            try await memoir.run(until: "sections", reporter: revoking)
        }
        #expect(failure.kind == .failed)
        #expect(failure.what.contains("permission denied for table chapter_sections"), "\(failure)")
        #expect(try await owner.psql("select count(*) from etl.rejects") == "0")
        #expect(try await owner.run().outcomes == [20, 20, 0, 0, 0])
    }
}

extension Recorder {
    /// Does something once, after the first chunk; workers that come to tell of theirs meanwhile wait for it.
    fileprivate static func once(_ act: @escaping @Sendable () -> Void) -> Recorder {
        let isDone = Mutex(false)
        return Recorder { event in
            guard case .progress(let progress) = event, progress.rowsHere >= 4 else { return }
            isDone.withLock { isDone in
                if !isDone { act() }
                isDone = true
            }
        }
    }
}

import Support
import Testing

@testable import Engine
@testable import Postgres

/// Each SQLSTATE that the table of classes names, and some that it does not, raised while chapters are written.
@Suite("An error of the server")
struct ErrorClassRunTests {
    static let passing = [
        "08000", "08003", "08006", "08P01", "40001", "40P01", "53000", "53100", "53200", "53300", "53400", "55P03",
        "57014", "57P01", "57P02", "57P03", "57P05", "25P03",
    ]
    static let ofRows = [
        "22000", "22001", "22003", "22007", "22021", "22P02", "22P03", "22P05", "23503", "23505", "23514", "23P01",
        "54000",
    ]
    static let stopping = [
        "0A000", "22023", "23502", "25006", "28000", "42501", "42703", "42P01", "42804", "54001", "57P04", "58030",
        "F0000", "P0001", "XX000", "XX001", "99999",
    ]

    @Test("of every class is raised here")
    func whole() {
        let raised = Self.passing + Self.ofRows + Self.stopping
        for sqlstate in ErrorClass.exact.keys { #expect(raised.contains(sqlstate)) }
        for prefix in ErrorClass.byClass.keys { #expect(raised.contains { $0.hasPrefix(prefix) }) }
        #expect(Self.passing.allSatisfy { ErrorClass(sqlstate: $0) == .retry })
        #expect(Self.ofRows.allSatisfy { ErrorClass(sqlstate: $0) == .row })
        #expect(Self.stopping.allSatisfy { ErrorClass(sqlstate: $0) == .stop })
    }

    /// One chapter for each SQLSTATE, which is raised when the chapter's first section is written: once, or always.
    private func chapters(raising states: [String], once: Bool, chunk: Int64) async throws -> Memoir {
        let memoir = try await Memoir(states.count, limits: BatchLimits(rows: chunk, workers: 1))
        try await memoir.run(until: "tables")
        let list = states.map { "'\($0)'" }.joined(separator: ", ")
        try await memoir.psql(
            """
            create table raised (chapter_id uuid, sqlstate text, tries text);
            insert into raised select md5(i::text)::uuid, s, format('tries_%s', i)
              from unnest(array[\(list)]) with ordinality as t (s, i);
            select format('create sequence %I', tries) from raised \\gexec
            create function raise() returns trigger language plpgsql as $$
              declare r record;
              begin
                select * into r from raised where chapter_id = new.chapter_id and new.order_index = 0;
                -- A sequence counts tries that are rolled back, too.
                if found and (nextval(r.tries) = 1 or not \(once)) then
                    raise exception using errcode = r.sqlstate, message = 'planted', hint = 'take it out';
                end if;
                return new;
              end $$;
            create trigger raise before insert on chapter_sections for each row execute function raise();
            """)
        return memoir
    }

    @Test("that may pass is put up with: the chunk is done again, and nothing is rejected")
    func retried() async throws {
        let memoir = try await chapters(raising: Self.passing, once: true, chunk: 1)
        let recorder = Recorder()
        let count = Int64(Self.passing.count)
        #expect(try await memoir.run(until: "sections", reporter: recorder).outcomes == [count, count, 0, 0, 0])
        let told = recorder.retries.compactMap { $0.firstMatch(of: #/\(SQLSTATE (.....)\)/#)?.1 }.sorted()
        #expect(told == Self.passing.map { $0[...] }.sorted())
        #expect(recorder.retries.allSatisfy { $0.hasPrefix("ERROR: planted") })
        #expect(try await memoir.psql("select max(attempt), count(*) from etl.chunks") == "1|\(count)")
    }

    @Test(
        "that may pass is put up with at COMMIT, too, where nothing is left of the chunk",
        arguments: ["40001", "40P01"])
    func retriedCommit(sqlstate: String) async throws {
        let memoir = try await Memoir(8, limits: BatchLimits(rows: 4, workers: 1))
        try await memoir.run(until: "tables")
        try await memoir.psql(
            """
            create sequence tries;
            create function raise() returns trigger language plpgsql as $$
              begin
                if nextval('tries') = 1 then raise exception using errcode = '\(sqlstate)', message = 'planted'; end if;
                return null;
              end $$;
            create constraint trigger raise after insert on chapter_sections deferrable initially deferred for each row
                when (new.chapter_id = \(Memoir.key(6)) and new.order_index = 0) execute function raise();
            """)
        let recorder = Recorder()
        #expect(try await memoir.run(until: "sections", reporter: recorder).outcomes == [8, 8, 0, 0, 0])
        #expect(recorder.retries.count == 1)
        #expect(recorder.retries.first?.hasPrefix("ERROR: planted (SQLSTATE \(sqlstate))") == true)
        #expect(try await memoir.psql("select last_value from tries") == "2")
        #expect(try await memoir.psql("select max(attempt), count(*) from etl.chunks") == "1|2")
    }

    @Test("that a row's data cause rejects that row, and the others of its chunk are written")
    func rejected() async throws {
        let memoir = try await chapters(raising: Self.ofRows, once: false, chunk: 100)
        try await memoir.psql(Memoir.chapters(101...110))
        let recorder = Recorder()
        let (count, all) = (Int64(Self.ofRows.count), Int64(Self.ofRows.count + 10))
        #expect(try await memoir.run(until: "sections", reporter: recorder).outcomes == [all, 10, 0, count, 0])
        #expect(recorder.retries.isEmpty)
        let differing = try await memoir.psql(
            """
            select sqlstate, message from raised full join etl.rejects on (key #>> '{}')::uuid = chapter_id
             where message is distinct from format('planted (SQLSTATE %s)', sqlstate)
            """)
        #expect(differing == "")
        #expect(try await memoir.psql("select count(distinct chapter_id) from chapter_sections") == "10")
    }

    @Test("of any other class stops the run, which names it and keeps nothing of the chunk")
    func stopped() async throws {
        let memoir = try await chapters(raising: Self.stopping, once: true, chunk: 100)
        var met: Set<Substring> = []
        for _ in Self.stopping {
            let failure = try await memoir.failure { try await memoir.run(until: "sections") }
            #expect(failure.kind == .failed)
            #expect(failure.what.contains("ERROR: planted (SQLSTATE "), "\(failure.what)")
            #expect(failure.details.contains("hint: take it out"))
            met.insert(failure.what.suffix(6).prefix(5))
            #expect(try await memoir.psql("select count(*) from chapter_sections") == "0")
        }
        #expect(met == Set(Self.stopping.map { $0[...] }))
        let count = Int64(Self.stopping.count)
        #expect(try await memoir.run(until: "sections").outcomes == [count, count, 0, 0, 0])
    }

    @Test("that does not pass is put up with a few times, and one that ends sessions as long as an outage may last")
    func bounded() {
        func error(_ sqlstate: String) -> PostgresError {
            .refused(ServerError(severity: "ERROR", sqlstate: sqlstate, message: "planted"))
        }
        var patience = Patience(outage: 600)
        let allowed = (1...20).map { _ in patience.allows(error("53100")) }
        #expect(allowed == (1...20).map { $0 < Backoff.refusalLimit })
        var enduring = Patience(outage: 600)
        let isEndured = (1...100).allSatisfy { _ in
            enduring.allows(.connectionLost(reason: "", sqlstate: "57P01"))
        }
        #expect(isEndured)
        var strict = Patience(outage: 0)
        let isAllowed = strict.allows(.connectionLost(reason: "", sqlstate: nil))
        #expect(!isAllowed)
        // Longer each time up to five seconds, and spread, so that many who lost a server do not come back at once.
        let delays = (1...100).map { _ in enduring.delay() }
        #expect(delays.allSatisfy { (2.5...5).contains($0) } && Set(delays).count > 50)
    }
}

import Postgres
import Support
import Testing

@testable import Engine

@Suite("A drop is refused")
struct RetireGuardTests {
    /// Twelve chapters that are migrated and verified.
    private func verified(_ faults: String = "") async throws -> Memoir {
        let memoir = try await Memoir(12)
        if !faults.isEmpty { try await memoir.psql(faults) }
        try await memoir.run()
        return memoir
    }

    private static let bad = "update chapters set content = '[1]' where id in (\(Memoir.key(2)), \(Memoir.key(4)))"
    private static let unread = """
        update chapters set content = '{"sections": ["text"], "mood": "glad", "a,b": 1, "": 2}' where id = \(Memoir.key(5))
        """

    @Test("in another database than the one that was named, before anything is done")
    func otherDatabase() async throws {
        let memoir = try await Memoir(12)
        let failure = try await memoir.failure { try await memoir.drop(Consent(database: "production")) }
        #expect(failure.kind == .refused)
        #expect(failure.what == "--confirm names database production, but this is \(memoir.database.name)")
        #expect(try await memoir.psql("select to_regnamespace('etl') is null") == "t")
    }

    @Test("where no database was named, with the command that does; what comes before is done")
    func unconfirmed() async throws {
        let memoir = try await Memoir(12)
        let failure = try await memoir.failure { try await memoir.drop(Consent(keepsArchive: false)) }
        #expect(failure.kind == .refused)
        #expect(
            failure.what == "this drops content, images of public.chapters in database \(memoir.database.name), "
                + "and was not confirmed")
        #expect(
            failure.next
                == "etl run chapter-sections --with drop-old-columns --confirm \(memoir.database.name) --no-archive")
        #expect(try await memoir.psql("select state from etl.stages where name = 'verify'") == "done")
        #expect(try await memoir.columns() == "id content images cover_image")
    }

    @Test("while rejects are open, unless their very number is accepted", arguments: [nil, 1, 3] as [Int64?])
    func openRejects(accepted: Int64?) async throws {
        let memoir = try await verified(Self.bad)
        let failure = try await memoir.refusal(memoir.consent(rejects: accepted))
        #expect(failure.kind == .refused)
        let wrong = accepted.map { "--accept-rejects \($0) is not their number: " } ?? ""
        #expect(failure.what == wrong + "2 rejects are open: bad-section 2")
        #expect(failure.next?.contains("etl rejects chapter-sections") == true)
        #expect(failure.next?.contains("--accept-rejects 2") == true)
        #expect(try await memoir.psql("select count(*) from etl.rejects where state = 'open'") == "2")
        try await memoir.drop(memoir.consent(rejects: 2))
        #expect(try await memoir.psql("select count(*) from etl.rejects where state = 'accepted'") == "2")
    }

    @Test("while keys are unmapped, unless all are named; the odd ones too")
    func unmapped() async throws {
        let memoir = try await verified(Self.unread)
        let failure = try await memoir.refusal(memoir.consent(unmapped: ["mood"]))
        #expect(failure.kind == .refused)
        #expect(failure.what == "2 keys of the documents would be lost, which nothing reads: \"\" 1, a,b 1")
        #expect(failure.next == #"add --accept-unmapped '"",a\,b' to lose them"#)
        let next = try await memoir.refusal(memoir.consent(unmapped: ["\"\""]))
        #expect(next.what == "1 key of the documents would be lost, which nothing reads: a,b 1")
        try await memoir.drop(memoir.consent(unmapped: ["a,b"]))
        #expect(
            try await memoir.psql("select string_agg(name, '|' order by name) from etl.accepted_keys") == "|a,b|mood")
        #expect(
            try await memoir.psql(
                "select string_agg(detail, '|' order by id) from etl.audit where act = 'accept-unmapped'")
                == "key mood|key |key a,b")
    }

    @Test("where a key is named that is none")
    func misspelt() async throws {
        let memoir = try await verified(Self.unread)
        let failure = try await memoir.refusal(memoir.consent(unmapped: ["moood", "a,b", "\"\"", "mood"]))
        #expect(failure.what == "--accept-unmapped names moood, which is no unmapped key")
        #expect(failure.next == "did you mean mood?")
        let clean = try await verified()
        let other = try await clean.refusal(clean.consent(unmapped: ["mood"]))
        #expect(other.what == "--accept-unmapped names mood, which is no unmapped key")
        #expect(other.next == "leave it out")
    }

    @Test("while what was migrated is not as it should be")
    func wrong() async throws {
        let memoir = try await verified()
        try await memoir.psql("delete from chapter_sections where chapter_id = \(Memoir.key(3))")
        #expect(try await !memoir.verify().hasPassed)
        // A run verifies again, and ends there.
        #expect(try await memoir.refusal().kind == .failed)
        #expect(try await memoir.psql("select count(*) from etl.archives") == "0")
    }

    @Test("where what was verified is not there any more: the table is empty, or another", arguments: [true, false])
    func targetLost(isEmptied: Bool) async throws {
        let memoir = try await verified()
        try await memoir.psql(
            isEmptied
                ? "truncate chapter_sections"
                : """
                create table copy (like chapter_sections including all); insert into copy table chapter_sections;
                drop table chapter_sections; alter table copy rename to chapter_sections
                """)
        let failure = try await memoir.refusal()
        #expect(failure.kind == .refused)
        #expect(
            failure.what
                == (isEmptied
                    ? "public.chapter_sections was emptied since stage sections filled it"
                    : "public.chapter_sections is not the table that stage sections filled: that one is gone"))
    }

    @Test("where the verification was another one than the pipeline has now")
    func otherProof() async throws {
        let memoir = try await verified()
        try await memoir.psql("update etl.stages set fingerprint = 'other' where name = 'verify'")
        let failure = try await memoir.refusal()
        #expect(failure.what == "stage verify was done by another definition of it")
        _ = try await memoir.verify()
        try await memoir.drop()
    }

    @Test("while the verification is done anew")
    func halfVerified() async throws {
        let memoir = try await verified()
        try await memoir.psql(
            "update etl.chunks set state = 'todo' where stage = 'verify' and n = (select min(n) from etl.chunks where stage = 'verify')"
        )
        #expect(try await memoir.refusal().what == "stage verify, which must prove it, is not done")
    }

    @Test("while something depends on the columns, which is named; what goes with them is told and kept")
    func dependents() async throws {
        let memoir = try await verified()
        try await memoir.psql(
            """
            create view openings as select left(content::text, 20) as opening from chapters;
            create index chapters_images_idx on chapters using gin (images);
            """)
        let failure = try await memoir.refusal()
        #expect(failure.what == "these depend on content, images of public.chapters: view public.openings")
        #expect(failure.next == "drop or change them first")
        try await memoir.psql("drop view openings")
        let recorder = Recorder()
        try await memoir.drop(reporter: recorder)
        #expect(
            recorder.notices.contains(
                "index public.chapters_images_idx goes with the columns; the ledger keeps its definition"))
        #expect(
            try await memoir.psql("select dependents from etl.archives")
                == "{\"CREATE INDEX chapters_images_idx ON public.chapters USING gin (images)\"}")
    }

    @Test("to a role that does not own the table, or may not make the archive")
    func role() async throws {
        var memoir = try await verified()
        let role = "worker_of_\(memoir.database.name)"
        try await memoir.psql(
            """
            create role \(role) login;
            grant usage on schema etl, public to \(role);
            grant all on all tables in schema etl, public to \(role);
            """)
        memoir.user = role
        let failure = try await memoir.failure { [memoir] in try await memoir.drop() }
        #expect(failure.what == "2 things are in the way of dropping content, images of public.chapters")
        #expect(
            failure.details == [
                "role \(role) does not own public.chapters; run it as postgres, or: grant postgres to \(role)",
                "role \(role) may not make the archive in schema etl; grant create on schema \"etl\" to \(role)",
            ])
        try await memoir.psql("alter table chapters owner to \(role)")
        try await memoir.drop(memoir.consent(keepsArchive: false))
        #expect(try await memoir.columns() == "id cover_image")
    }

    @Test("for everything at once, with what to do about each")
    func everything() async throws {
        let memoir = try await verified("\(Self.bad); \(Self.unread)")
        try await memoir.psql(
            """
            create view openings as select content from chapters
            """)
        let failure = try await memoir.refusal(Consent(rejects: 5, unmapped: ["mod"]))
        #expect(failure.what == "5 things are in the way of dropping content, images of public.chapters")
        let starts = [
            "this drops", "--accept-rejects 5 is not", "3 keys of the documents", "--accept-unmapped names mod,",
            "these depend on",
        ]
        for (detail, start) in zip(failure.details, starts) { #expect(detail.hasPrefix(start)) }
        #expect(failure.details.allSatisfy { $0.contains("; ") })
        let name = memoir.database.name
        #expect(failure.next == "settle them, then: etl run chapter-sections --with drop-old-columns --confirm \(name)")
    }

    @Test("with the command that repeats what was stated rightly")
    func command() async throws {
        let memoir = try await verified("\(Self.bad); \(Self.unread)")
        let failure = try await memoir.refusal(Consent(rejects: 2, unmapped: ["a,b", "mood", "\"\""]))
        #expect(
            failure.next == "etl run chapter-sections --with drop-old-columns --confirm \(memoir.database.name) "
                + #"--accept-rejects 2 --accept-unmapped '"",a\,b,mood'"#)
        // Nothing is accepted in a database that was not named.
        #expect(try await memoir.psql("select count(*) from etl.rejects where state = 'accepted'") == "0")
        #expect(try await memoir.psql("select count(*) from etl.accepted_keys") == "0")
    }
}

import Postgres
import Support
import Testing

@testable import Engine

@Suite("What is accepted")
struct AcceptanceTests {
    /// Twelve chapters that are migrated and verified, two of them rejected.
    private func rejecting() async throws -> Memoir {
        let memoir = try await Memoir(12)
        try await memoir.psql(
            "update chapters set content = '[1]' where id in (\(Memoir.key(2)), \(Memoir.key(4)))")
        try await memoir.run()
        return memoir
    }

    @Test("is recorded at once, whatever else is in the way, and named in the audit")
    func recorded() async throws {
        let memoir = try await rejecting()
        try await memoir.psql("create view openings as select content from chapters")
        let failure = try await memoir.refusal(memoir.consent(rejects: 2))
        #expect(failure.what.hasPrefix("these depend on"))
        #expect(try await memoir.psql("select count(*) from etl.rejects where state = 'accepted'") == "2")
        let keys = try await memoir.psql(
            "select string_agg(k::text, ' ' order by k) from (values (\(Memoir.key(2))), (\(Memoir.key(4)))) v (k)")
        let audited = try await memoir.psql(
            "select string_agg(substring(detail from 'key ([^,]*)'), ' ' order by detail) from etl.audit where act = 'accept-reject'"
        )
        #expect(audited == keys)
        #expect(
            try await memoir.psql(
                "select count(*) from etl.audit where detail ~ '^stage sections, key .*, code bad-section$'")
                == "2")
    }

    @Test("lasts: the same command passes when what was in its way is gone, and so does one that says nothing of it")
    func lasting() async throws {
        for consent in [2, nil] as [Int64?] {
            let memoir = try await rejecting()
            try await memoir.psql("create view openings as select content from chapters")
            _ = try await memoir.refusal(memoir.consent(rejects: 2))
            #expect(try await memoir.refusal(memoir.consent(rejects: 2)).what.hasPrefix("these depend on"))
            let wrong = try await memoir.refusal(memoir.consent(rejects: 1))
            #expect(
                wrong.details.first?.hasPrefix(
                    "--accept-rejects 1 is not their number: no reject is open, 2 are accepted")
                    == true)
            try await memoir.psql("drop view openings")
            let recorder = Recorder()
            let result = try await memoir.drop(memoir.consent(rejects: consent), reporter: recorder)
            #expect(result.summary.openRejects == 0)
            // Listed once more when they are lost.
            let listed = recorder.notices.filter { $0.hasPrefix("accepted reject: chapter-sections, sections, key ") }
            #expect(listed.count == 2 && listed.allSatisfy { $0.contains(": bad-section, ") })
            #expect(
                try await memoir.psql("select count(*) from etl.archive_1_drop_old_columns where content = '[1]'")
                    == "2")
        }
    }

    @Test("is no consent to a reject or a key that comes later")
    func later() async throws {
        let memoir = try await rejecting()
        try await memoir.psql("create view openings as select content from chapters")
        _ = try await memoir.refusal(memoir.consent(rejects: 2))
        try await memoir.psql(
            """
            drop view openings;
            delete from chapter_sections where chapter_id = \(Memoir.key(6));
            insert into etl.rejects (run_id, stage, chunk, key, code, place, message)
            select 1, 'sections', 1, to_jsonb(\(Memoir.key(6))::text), 'bad-images', 'images', 'images: no images';
            insert into etl.unmapped select 1, 'sections', 1, 'mood', 1
            """)
        let failure = try await memoir.refusal(memoir.consent(rejects: 2))
        #expect(
            failure.details.map { String($0.prefix(57)) }
                == [
                    "--accept-rejects 2 is not their number: 1 reject is open: ",
                    "1 key of the documents would be lost, which nothing reads",
                ].map { String($0.prefix(57)) })
        try await memoir.drop(memoir.consent(rejects: 1, unmapped: ["mood"]))
        #expect(try await memoir.psql("select count(*) from etl.rejects where state = 'accepted'") == "3")
    }

    @Test("of another pipeline's rejects counts where its stage is what the drop relies on")
    func elsewhere() async throws {
        let memoir = try await Memoir(12)
        try await memoir.run()
        let images = memoir.of("memoir-images")
        try await memoir.psql(
            "update chapter_sections set image = '3' where id = (select id from chapter_sections where image is not null order by id limit 1)"
        )
        try await images.run()
        let ids = memoir.of("section-image-id")
        let failure = try await memoir.failure { try await ids.drop() }
        #expect(failure.what == "1 reject is open: memoir-images bad-images 1")
        #expect(failure.next?.contains("etl rejects memoir-images") == true)
        try await ids.drop(ids.consent(rejects: 1))
        #expect(
            try await memoir.psql("select pipeline, act from etl.audit where act = 'accept-reject'")
                == "memoir-images|accept-reject")
        #expect(try await images.run().summary.openRejects == 0)
    }
}

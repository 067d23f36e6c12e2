import Engine
import Pipelines
import Postgres
import Support

extension Memoir {
    /// What an operator allows who has read what is asked for.
    func consent(rejects: Int64? = nil, unmapped: [String] = [], keepsArchive: Bool = true) -> Consent {
        Consent(database: database.name, rejects: rejects, unmapped: unmapped, keepsArchive: keepsArchive)
    }

    /// Runs the pipeline with the stage that drops columns; in the database's name, unless it is said otherwise.
    @discardableResult
    func drop(
        _ consent: Consent? = nil, joins: Bool = false, reporter: any Reporter = Recorder(),
        interruption: Interruption = Interruption()
    ) async throws -> RunResult {
        try await blocking {
            let pipeline = try loaded()
            var request = RunRequest(
                pipeline: pipeline, schema: schema,
                goal: Goal(with: Set(pipeline.stages.filter(\.isDestructive).map(\.name))), limits: limits,
                joins: joins, consent: consent ?? self.consent(), dependents: dependents)
            request.maximumLockedRows = maximumLockedRows
            return try Runner(site: site(reporter, interruption), request: request).run()
        }
    }

    /// The same while an application holds some of the chapters, which it lets go of when the drop waits for its lock.
    @discardableResult
    func drop(waitingFor held: HeldTransaction, reporter: any Reporter = Recorder()) async throws -> RunResult {
        async let dropped = drop(reporter: reporter)
        try await waitForLock()
        try await held.commit()
        return try await dropped
    }

    /// The failure of a drop that must fail, and that must leave the columns as they are.
    func refusal(_ consent: Consent? = nil) async throws -> Failure {
        let before = try await psql("select id, content, images, xmin from chapters order by id")
        let failure = try await failure { try await drop(consent) }
        let after = try await psql("select id, content, images, xmin from chapters order by id")
        if before != after { throw Touched() }
        return failure
    }

    /// Chapters were written to by what was refused.
    struct Touched: Error {}

    /// The columns of chapters, one after the other.
    func columns(of table: String = "chapters") async throws -> String {
        try await psql(
            """
            select string_agg(attname, ' ' order by attnum) from pg_attribute
             where attrelid = '\(table)'::regclass and attnum > 0 and not attisdropped
            """)
    }
}

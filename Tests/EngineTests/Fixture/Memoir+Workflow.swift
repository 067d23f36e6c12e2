import Engine
import Pipelines
import Postgres
import Support

extension Memoir {
    /// The same chapters, and another of the project's pipelines.
    func of(_ pipeline: String) -> Memoir {
        var other = self
        other.pipeline = pipeline
        return other
    }

    /// The same chapters, worked on as a role that may read tables and ledger, and nothing else.
    func asReader() async throws -> Memoir {
        var other = self
        let role = "reader_of_\(database.name)"
        try await psql(
            """
            create role \(role) login;
            grant usage on schema public, etl to \(role);
            grant select on all tables in schema public, etl to \(role);
            """)
        other.user = role
        return other
    }

    /// Verifies what the pipeline migrated.
    func verify(interruption: Interruption = Interruption()) async throws -> VerifyResult {
        try await blocking {
            let request = RunRequest(
                pipeline: try loaded(), schema: schema, limits: limits, dependents: dependents)
            return try Verifier(site: site(Recorder(), interruption), request: request).perform()
        }
    }

    /// Everything in the database that a role could write, as one hash: rows, and which transaction wrote them.
    func everything() async throws -> String {
        let tables = try await psql(
            """
            select string_agg(format('select %L || md5(string_agg(t.xmin::text || t.ctid || t, '','' order by t.ctid)) from %s t',
                                     c.oid::regclass, c.oid::regclass), ' union all ' order by c.oid::regclass::text)
              from pg_class c where relkind = 'r' and relnamespace in ('public'::regnamespace, 'etl'::regnamespace)
            """)
        return try await psql("\(tables); select count(*), max(oid) from pg_class")
    }
}

extension VerifyResult {
    /// The counts of all stages together, for comparing in one line.
    var counts: [String: Int64] {
        var sums: [String: Int64] = [:]
        for stage in stages {
            let verdict = stage.verdict
            for (name, count) in [
                ("equal", verdict.equal), ("empty", verdict.empty), ("rejected", verdict.rejected),
                ("stale", verdict.stale), ("wrong", verdict.wrong), ("extra", verdict.extra),
                ("others", verdict.others),
            ] where count > 0 {
                sums[name, default: 0] += count
            }
        }
        return sums
    }
}

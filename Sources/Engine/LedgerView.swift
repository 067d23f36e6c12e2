public import Ledger
public import Pipelines
public import Postgres

/// Looks into the ledger for commands that run nothing: a role that may only read is enough.
public struct LedgerView {
    private let site: Site
    private let session: Session

    /// A view of the site's ledger; opens a session.
    public init(site: Site) throws {
        let session = Session(site: site, name: "etl")
        try session.open()
        self.init(site: site, session: session)
    }

    init(site: Site, session: Session) {
        self.site = site
        self.session = session
    }

    /// How every run stands, the newest first; empty where no ledger is.
    public func summaries() throws -> [RunSummary] {
        try look { transaction in
            try site.ledger.runs(transaction).map { try RunSummary($0, ledger: site.ledger, transaction) }
        } ?? []
    }

    /// How the run of a pipeline stands; throws where it was never begun.
    public func summary(of pipeline: String, on schema: Identifier) throws -> RunSummary {
        let summary = try look { transaction in
            try site.ledger.run(of: pipeline, on: schema, transaction).map {
                try RunSummary($0, ledger: site.ledger, transaction)
            }
        }
        guard let summary, let summary else { throw Self.neverBegun(pipeline, schema) }
        return summary
    }

    /// Gives `body` the open rejects of a pipeline, in the order of the source's key, a part at a time.
    public func openRejects(
        of pipeline: Pipeline, on schema: Identifier, limit: Int64 = .max, _ body: (OpenReject) throws -> Void
    ) throws {
        let run = try existingRun(of: pipeline.name, on: schema)
        for stage in pipeline.stages {
            guard case .stream(let stream) = stage.work else { continue }
            var left = limit
            var offset: Int64 = 0
            while left > 0 {
                let part = try openRejects(
                    of: stage, stream, run: run, schema: schema, limit: min(left, 1000), offset: offset)
                for reject in part { try body(reject) }
                if part.count < min(left, 1000) { break }
                left -= Int64(part.count)
                offset += Int64(part.count)
            }
        }
    }

    private func openRejects(
        of stage: Stage, _ stream: Pipelines.Stream, run: RunID, schema: Identifier, limit: Int64, offset: Int64
    ) throws -> [OpenReject] {
        try session.perform("reading the rejects") { connection in
            try connection.transaction(site.looking) { transaction in
                let chunked = ChunkedStage(run: run, name: stage.name, keyColumns: stream.source.key.count)
                let source = QualifiedName(schema: schema, name: stream.source.table)
                let order = try KeyOrder.expression(stream.source.key, of: source, transaction)
                return try site.ledger.openRejects(
                    of: chunked, keyOrder: order, limit: limit, offset: offset, transaction)
            }
        }
    }

    /// Asks every process that works on a run to stop in order; says who they are.
    public func requestStop(of pipeline: String, on schema: Identifier) throws -> [RunSummary.Worker] {
        let run = try existingRun(of: pipeline, on: schema)
        return try session.perform("asking to stop") { connection in
            try connection.transaction(site.moving) { transaction in
                let living = try site.ledger.livingWorkers(of: run, transaction).filter { $0.number == 0 }
                if living.isEmpty { return [] }
                try site.ledger.requestStop(of: run, transaction)
                try site.ledger.audit(.stopRequested, run: run, pipeline: pipeline, by: site.actor, transaction)
                return living.map { RunSummary.Worker(host: $0.host, pid: $0.pid, since: $0.since) }
            }
        }
    }

    func existingRun(of pipeline: String, on schema: Identifier) throws -> RunID {
        let run = try look { try site.ledger.run(of: pipeline, on: schema, $0)?.id }
        guard let run, let run else { throw Self.neverBegun(pipeline, schema) }
        return run
    }

    /// Reads the ledger; nil where there is none.
    private func look<R>(_ body: (borrowing Transaction) throws -> R) throws -> R? {
        try session.perform("reading the ledger") { connection in
            try connection.transaction(site.looking) { transaction in
                let presence = try site.ledger.presence(transaction)
                if presence == .absent { return nil }
                try LedgerGuard.admit(presence, site.ledger)
                return try body(transaction)
            }
        }
    }

    private static func neverBegun(_ pipeline: String, _ schema: Identifier) -> Failure {
        Failure(
            .usage, "pipeline \(pipeline) was never run on schema \(schema) of this database",
            next: "etl run \(pipeline)")
    }
}

/// How printed keys in the ledger are put in the order of the source's key.
enum KeyOrder {
    /// An ORDER BY list over the column `key` of the rejects; by text where the table is gone.
    static func expression(
        _ key: [Identifier], of source: QualifiedName, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> SQL {
        let found = try transaction.run(
            """
            select a.attname, format_type(a.atttypid, a.atttypmod),
                   (select format('%I.%I', n.nspname, c.collname) from pg_collation c
                      join pg_namespace n on n.oid = c.collnamespace where c.oid = a.attcollation)
              from pg_attribute a
             where a.attrelid = to_regclass(\(.text(source.quoted))) and a.attnum > 0 and not a.attisdropped
            """)
        var types: [String: (type: String, collation: String?)] = [:]
        for row in found.rows { types[row.text(0) ?? ""] = (row.text(1) ?? "text", row.text(2)) }
        let parts = key.enumerated().map { place, name in
            let printed = key.count == 1 ? "key #>> '{}'" : "key ->> \(place)"
            let type = types[name.name]
            return "(\(printed))::\(type?.type ?? "text")" + (type?.collation.map { " collate \($0)" } ?? "")
        }
        return SQL(unsafe: parts.joined(separator: ", "))
    }
}

import Ledger
public import Pipelines
public import Postgres

/// The two roles that share the work on pipelines.
public struct WorkingRoles: Sendable, Equatable {
    /// Does what alters tables: scripts, constraints, drops.
    public var owner: Identifier
    /// Does the rest: it moves rows, and can alter no table.
    public var runner: Identifier

    /// Names them.
    public init(owner: Identifier, runner: Identifier) {
        self.owner = owner
        self.runner = runner
    }
}

/// Writes the SQL that gives two roles what they need for a pipeline, and nothing else. It only looks.
public struct GrantScript {
    private let site: Site
    private let pipeline: Pipeline
    private let schema: Identifier
    private let roles: WorkingRoles

    /// Prepares to look; nothing is read yet.
    public init(site: Site, pipeline: Pipeline, schema: Identifier, roles: WorkingRoles) {
        self.site = site
        self.pipeline = pipeline
        self.schema = schema
        self.roles = roles
    }

    /// The lines of the script. It can be run any number of times, by whoever owns the tables and may make roles.
    public func lines() throws -> [String] {
        let session = Session(site: site, name: "etl")
        try session.open()
        return try session.perform("looking at what roles need") { connection in
            try connection.transaction(site.looking) { try lines($0) }
        }
    }

    private func lines(_ transaction: borrowing Transaction) throws -> [String] {
        let owned = pipeline.stages.filter(\.altersTables)
        let run = pipeline.stages.filter { !$0.altersTables }
        var owner = try RoleGrants(roles.owner, schema: schema, ledger: site.ledger.schema, transaction)
        var runner = try RoleGrants(roles.runner, schema: schema, ledger: site.ledger.schema, transaction)
        for stage in owned { try owner.add(needs.of(stage), transaction) }
        for stage in run { try runner.add(needs.of(stage), transaction) }
        // Every run looks through the schema and writes to the ledger; who makes it owns it.
        let ofAll: Set<PrivilegeNeed> = [
            .useSchema(schema), .useSchema(ledger), .writeAll(ledger), .addToAudit(ledger),
        ]
        try owner.add(ofAll.union([.createIn(ledger)]), transaction)
        try runner.add(ofAll, transaction)
        var lines = [
            "-- What two roles need for \(pipeline.name) on schema \(schema.quoted), with the ledger in \(ledger.quoted).",
            "-- \(owner.name) alters tables: \(Self.list(owned))",
            "-- \(runner.name) does the rest: \(Self.list(run))",
            "-- Run it as a superuser, or as a role that owns the tables and may make roles and schemas.",
        ]
        lines += [owner, runner].filter { !$0.exists }.map { "create role \($0.name) login;" }
        lines.append("create schema if not exists \(ledger.quoted) authorization \(owner.name);")
        lines += owner.lines + runner.lines
        if !runner.later.isEmpty {
            lines.append("-- Not there yet; when \(owner.name) has made it, print this again and run the rest:")
            lines += runner.later.sorted().map { "--   \($0)" }
        }
        return lines
    }

    private var ledger: Identifier { site.ledger.schema }

    /// What stages can ever need: constraints may all be lacking, and all rows may have to be merged, as a retry does.
    private var needs: StageNeeds {
        var constraints: [Constraint] = []
        var streams: [Pipelines.Stream] = []
        for stage in pipeline.stages {
            if case .constraints(let declared) = stage.work { constraints += declared }
            if case .stream(let stream) = stage.work { streams.append(stream) }
        }
        return StageNeeds(schema: schema, ledger: ledger, lacking: constraints, merging: streams)
    }

    private static func list(_ stages: [Stage]) -> String {
        stages.isEmpty ? "no stage" : stages.map(\.name).joined(separator: ", ")
    }
}

extension Stage {
    /// Whether it does what only the owner of a table may do.
    fileprivate var altersTables: Bool {
        switch work {
        case .sql, .constraints, .retire: true
        case .check, .stream, .batch, .verify: false
        }
    }
}

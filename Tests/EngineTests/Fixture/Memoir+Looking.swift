import Engine
import Support

extension Memoir {
    /// What a run would do.
    func plan(sample: Int64 = 1000) async throws -> PlanReport {
        try await blocking {
            try PlanView(site: site(Recorder()), pipeline: try loaded(), schema: schema, limits: limits)
                .report(sample: sample)
        }
    }

    /// The first rows of each source and what they would become.
    func previews(_ rows: Int64) async throws -> (rows: [RowPreview], impossible: [String]) {
        try await blocking {
            try PlanView(site: site(Recorder()), pipeline: try loaded(), schema: schema, limits: limits)
                .previews(rows: rows)
        }
    }

    /// What stands in a run's way.
    func preflight() async throws -> PreflightReport {
        try await blocking {
            try Preflight(site: site(Recorder()), pipeline: try loaded(), schema: schema, limits: limits).report()
        }
    }

    /// The same chapters, which belong to a role that is no superuser from now on, as that role.
    func asOwner() async throws -> Memoir {
        var other = self
        let role = database.name + "_owner"
        try await psql(
            """
            create role \(role) login;
            alter table chapters owner to \(role);
            grant create on schema public to \(role);
            grant create on database \(database.name) to \(role)
            """)
        other.user = role
        return other
    }

    /// The same chapters, as a role that may do what the grants say and log in.
    func asRole(_ grants: (String) -> String) async throws -> Memoir {
        var other = self
        let role = "role_of_\(database.name)"
        try await psql("create role \(role) login; \(grants(role))")
        other.user = role
        return other
    }
}

extension PlanReport {
    func stage(_ name: String) -> PlannedStage? { stages.first { $0.name == name } }
}

import Engine
import Pipelines
import Postgres

extension RunOptions {
    /// What the options allow the destructive stages of a pipeline.
    func consent(for pipeline: String) -> Consent {
        let rejects = acceptedRejects.first { $0.pipeline == nil || $0.pipeline == pipeline }
        return Consent(
            database: confirm, rejects: rejects.map { Int64($0.count) }, unmapped: acceptedKeys,
            keepsArchive: !noArchive)
    }

    /// Throws when something is allowed that no stage of what is to be run needs: it was probably meant for one.
    func refuseSpareConsent(for requests: [RunRequest]) throws(CommandFailure) {
        var guarded: Set<String> = []
        for request in requests {
            let name = request.pipeline.name
            let wanted = try working(rerun: "etl run \(name)") {
                try Plan.wanted(in: request.pipeline, goal: request.goal)
            }
            if wanted.contains(where: \.isDestructive) { guarded.insert(name) }
        }
        if let name = acceptedRejects.compactMap(\.pipeline).first(where: { !guarded.contains($0) }) {
            throw Self.spare("--accept-rejects", name)
        }
        guard guarded.isEmpty, let option = statedConsent.first, !Mutant.is(.consentToNothing) else { return }
        throw Self.spare(option, requests.map(\.pipeline.name).joined(separator: " "))
    }

    /// The options that only destructive stages need.
    private var statedConsent: [String] {
        let stated = [
            ("--confirm", confirm != nil), ("--accept-rejects", !acceptedRejects.isEmpty),
            ("--accept-unmapped", !acceptedKeys.isEmpty), ("--no-archive", noArchive),
        ]
        return stated.filter(\.1).map(\.0)
    }

    private static func spare(_ option: String, _ pipelines: String) -> CommandFailure {
        CommandFailure(
            .usage,
            Explanation(
                summary: "\(pipelines): nothing that this run does needs \(option)",
                details: ["it is for destructive stages, and none is asked for"], next: "etl run \(pipelines)"))
    }
}

import Ledger
import Pipelines

/// What the ledger says that keeps a run from beginning.
enum RunFindings {
    static func find(_ standing: PipelineStanding, _ site: Site) -> [PreflightFinding] {
        var findings: [PreflightFinding] = []
        if case .closed(let why) = standing.book {
            findings.append(
                PreflightFinding(
                    .warning, "the ledger cannot be read (\(why)), so what is done already is not known",
                    remedy: "run this as the role that the run will have, or let this one read the ledger"))
        }
        for refusal in standing.refusals {
            findings.append(
                PreflightFinding(
                    .problem, ([refusal.what] + refusal.details).joined(separator: "; "), remedy: refusal.next))
        }
        let pipeline = standing.pipeline.name
        if let need = standing.unmet, !standing.toDo.isEmpty {
            findings.append(
                PreflightFinding(
                    .problem, "\(pipeline) needs \(need.pipeline), \(need.reason)",
                    remedy: site.command("run", need.pipeline)))
        }
        if let worker = standing.living.first {
            findings.append(
                PreflightFinding(
                    .problem,
                    "\(pipeline) is being run by process \(worker.pid) on \(worker.host), since \(worker.since)",
                    remedy: "wait for it, help it with --join, or stop it with: \(site.command("stop", pipeline))"))
        }
        return findings
    }
}

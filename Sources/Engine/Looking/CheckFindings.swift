import Pipelines
import Postgres

/// What the pipeline's own checks find, as far as they can be made before the run.
struct CheckFindings {
    let schema: Identifier
    let standing: PipelineStanding

    /// The findings; and whether a check says that nothing is left to do.
    func find(_ transaction: borrowing Transaction) throws -> (findings: [PreflightFinding], isFinished: Bool) {
        var findings: [PreflightFinding] = []
        var isFinished = false
        var changing: Stage?
        for stage in standing.toDo {
            guard case .check(let script) = stage.work else {
                if !stage.onlyLooks { changing = changing ?? stage }
                continue
            }
            // It looks at what stages before it have done.
            if let changing {
                findings.append(
                    PreflightFinding(.notice, "check \(stage.name) can be made only after stage \(changing.name)"))
                continue
            }
            for (verdict, finding) in try self.findings(of: script, stage.name, transaction) {
                if verdict == "finished" { isFinished = true }
                findings.append(finding)
            }
        }
        return (findings, isFinished)
    }

    /// The findings with their verdicts. As the stage itself does it, with the pipeline's schema in front.
    private func findings(
        of script: SQLScript, _ stage: String, _ transaction: borrowing Transaction
    ) throws -> [(verdict: String, finding: PreflightFinding)] {
        func problem(_ what: String) -> [(verdict: String, finding: PreflightFinding)] {
            [("problem", PreflightFinding(.problem, what, remedy: "see \(script.name), stage \(stage)"))]
        }
        do {
            let found = try transaction.attempt {
                try transaction.working(in: [schema], lock: transaction.settings.lock) {
                    try CheckStage.findings(of: script, transaction)
                }
            }
            switch found {
            case .failure(let error): return problem("\(script.name): \(error.message)")
            case .success(let findings):
                return findings.map { verdict, message in
                    (verdict, PreflightFinding(verdict == "problem" ? .problem : .notice, message))
                }
            }
        } catch let failure as Failure {
            return problem(failure.what)
        }
    }
}

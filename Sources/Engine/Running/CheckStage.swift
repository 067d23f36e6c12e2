import Ledger
import Pipelines
import Postgres

/// A stage that looks and changes nothing: every row its queries give is a finding.
struct CheckStage {
    /// What a check found, taken together.
    enum Verdict: Equatable {
        /// The work can begin.
        case passed(notices: [String])
        /// There is nothing left to do, for the reason given.
        case finished(reason: String)
    }

    let site: Site
    let run: RunID
    let schema: Identifier
    let stage: Stage
    let script: SQLScript
    let fingerprint: String
    let session: Session

    /// Runs the queries and gives the verdict; problems are thrown, all at once.
    func perform() throws -> Verdict {
        let findings = try session.perform("stage \(stage.name)") { connection in
            var settings = site.looking
            settings.schemas = [schema]
            return try connection.transaction(settings) { try Self.findings(of: script, $0) }
        }
        let problems = findings.filter { $0.verdict == "problem" }.map(\.message)
        guard problems.isEmpty else {
            throw Failure(
                .failed, problems.count == 1 ? problems[0] : "\(problems.count) problems",
                details: problems.count == 1 ? [] : problems, next: "settle it, then run again")
        }
        if let finished = findings.first(where: { $0.verdict == "finished" }) {
            return .finished(reason: finished.message)
        }
        try record()
        return .passed(notices: findings.map(\.message))
    }

    /// Every finding of a script's queries, which find unqualified names in the pipeline's schema.
    static func findings(
        of script: SQLScript, _ transaction: borrowing Transaction
    ) throws -> [(verdict: String, message: String)] {
        var findings: [(verdict: String, message: String)] = []
        for statement in script.statements {
            do throws(PostgresError) {
                for row in try transaction.run(SQL(unsafe: statement.text)).rows {
                    findings.append((row.text(0) ?? "problem", row.text(1) ?? "a finding without words"))
                }
            } catch {
                if error.errorClass == .retry || error.endsSession { throw error }
                throw Failure(error, while: "\(script.name):\(statement.line)")
            }
        }
        return findings
    }

    private func record() throws {
        try session.perform("stage \(stage.name)") { connection in
            try connection.transaction(site.moving) { transaction in
                try site.ledger.beginStage(stage.name, of: run, fingerprint: fingerprint, transaction)
                try site.ledger.finishStage(stage.name, of: run, transaction)
            }
        }
    }
}

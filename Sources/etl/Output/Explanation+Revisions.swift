import Engine
import Revisions

extension CommandFailure {
    /// Words and code for an end of work on revisions.
    init(_ failure: RevisionFailure, rerun: String) {
        let code: ExitCode =
            switch failure.kind {
            case .failed: .failed
            case .usage: .usage
            case .refused: .refused
            case .anotherProcess: .anotherRun
            case .unreachable: .unreachable
            case .unknownOutcome: .unknownOutcome
            case .stopped(let signal): ExitCode(stoppedBy: signal)
            }
        let next =
            switch failure.kind {
            case .failed: "settle the cause, then run it again; what was committed stays done: \(rerun)"
            case .usage, .refused: "etl history"
            case .anotherProcess: "wait, then run it again: \(rerun)"
            case .unreachable: "when the server answers again, go on with: \(rerun)"
            case .unknownOutcome: "run it again, which is safe: it finds out what was committed: \(rerun)"
            case .stopped: "go on with: \(rerun)"
            }
        self.init(code, Explanation(summary: failure.what, details: failure.details, next: failure.next ?? next))
    }

    /// Words for a target that leads nowhere.
    init(_ error: TargetError) { self.init(RevisionFailure(error), rerun: "etl history") }
}

/// Lets work on revisions be done; what it throws is put into words. `rerun` is the command that goes on with it.
func revising<R>(rerun: String, _ body: () throws -> R) throws(CommandFailure) -> R {
    try working(rerun: rerun) {
        do {
            return try body()
        } catch let failure as RevisionFailure {
            throw CommandFailure(failure, rerun: rerun)
        } catch let error as TargetError {
            throw CommandFailure(error)
        }
    }
}

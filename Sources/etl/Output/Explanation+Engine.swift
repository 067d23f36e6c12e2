import Engine
import Postgres

extension CommandFailure {
    /// Words and code for an end that the engine describes.
    init(_ failure: Failure, rerun: String) {
        let summary = (failure.place.map { "\($0): " } ?? "") + failure.what
        self.init(
            ExitCode(failure.kind),
            Explanation(summary: summary, details: failure.details, next: failure.next ?? Self.next(failure, rerun)))
    }

    private static func next(_ failure: Failure, _ rerun: String) -> String {
        switch failure.kind {
        case .usage, .refused: rerun + " --help"
        case .failed: "settle the cause, then run it again, which goes on from here: " + rerun
        case .anotherRun: "wait, then run it again: " + rerun
        case .unreachable: "when the server answers again, go on with: " + rerun
        case .unknownOutcome: "run it again, which is safe: it finds out what was committed: " + rerun
        case .stopped: "go on with: " + rerun
        }
    }
}

extension ExitCode {
    /// The code that stands for a kind of end.
    init(_ kind: Failure.Kind) {
        self =
            switch kind {
            case .failed: .failed
            case .usage: .usage
            case .refused: .refused
            case .anotherRun: .anotherRun
            case .unreachable: .unreachable
            case .unknownOutcome: .unknownOutcome
            case .stopped(let signal): ExitCode(stoppedBy: signal)
            }
    }
}

/// Lets the engine work; what it throws is put into words. `rerun` is the command that goes on with it.
func working<R>(rerun: String, _ body: () throws -> R) throws(CommandFailure) -> R {
    do {
        return try body()
    } catch let failure as Failure {
        throw CommandFailure(failure, rerun: rerun)
    } catch let failure as CommandFailure {
        throw failure
    } catch let error as PostgresError {
        throw CommandFailure(Failure(error, while: rerun), rerun: rerun)
    } catch {
        throw CommandFailure(.failed, Explanation(summary: "\(rerun): \(error)", next: rerun))
    }
}

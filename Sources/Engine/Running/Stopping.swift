import Glibc
import Ledger
import Postgres

extension Site {
    /// Ends the work in hand when a stop was asked for.
    func throwIfStopping() throws(Failure) {
        if interruption.isStopping {
            throw Failure(.stopped(signal: interruption.stopSignal ?? SIGINT), "stopped as asked")
        }
    }

    /// Takes note of a stop that was asked for through the ledger, from anywhere: it counts as SIGTERM.
    func noteStopRequest(of run: RunID, _ transaction: borrowing Transaction) throws(PostgresError) {
        if try ledger.stopRequested(of: run, transaction) { interruption.requestStop(signal: SIGTERM) }
    }
}

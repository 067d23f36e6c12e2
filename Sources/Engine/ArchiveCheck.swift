import Ledger
import Postgres

/// Sees whether the archives of a run hold what was dropped.
enum ArchiveCheck {
    /// A sentence for each archive of the run; throws when one is not as it was recorded.
    static func perform(
        _ run: RunID, ledger: Ledger, _ transaction: borrowing Transaction
    ) throws -> [String] {
        []
    }
}

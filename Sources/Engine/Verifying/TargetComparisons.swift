import Ledger
import Postgres

/// The comparisons of all targets of a stream.
struct TargetComparisons {
    private let each: [TargetComparison]

    init(_ tables: StreamTables, _ transaction: borrowing Transaction) throws {
        let targets = Mutant.is(.compareFirstTableOnly) ? Array(tables.targets.prefix(1)) : tables.targets
        each = try targets.map {
            try TargetComparison($0, of: tables.source, isUnicode: tables.ledgerText.isUnicode, transaction)
        }
    }

    /// What differs in a range.
    func findings(
        _ rows: TargetRows, in range: KeyRange, _ transaction: borrowing Transaction
    ) throws -> [TargetComparison.Finding] {
        var findings: [TargetComparison.Finding] = []
        for (place, target) in each.enumerated() {
            findings += try target.findings(rows[place], in: range, transaction)
        }
        return findings
    }

    /// What differs among the rows of some keys, and of rows that vanished.
    func findings(
        _ rows: TargetRows, of keys: [Key], and vanished: VanishedRows, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> [TargetComparison.Finding] {
        var findings: [TargetComparison.Finding] = []
        for (place, target) in each.enumerated() {
            findings += try target.findings(rows[place], of: keys, and: vanished, transaction)
        }
        return findings
    }
}

import Ledger
import Pipelines
import Postgres

/// Sees whether the archives of columns that were dropped hold what was dropped.
enum ArchiveCheck {
    /// A sentence for each drop of columns that the pipeline's verify stages compare, whichever run dropped them; none where
    /// they are all there. Throws when an archive is not as it was recorded.
    static func perform(
        _ pipeline: Pipeline, on schema: Identifier, ledger: Ledger, _ transaction: borrowing Transaction
    ) throws -> [String] {
        try dropped(from: pipeline, on: schema, ledger, transaction).map { try check($0, ledger, transaction) }
    }

    /// The drops of columns that the pipeline's verify stages compare. Columns that were brought back can be compared again.
    static func dropped(
        from pipeline: Pipeline, on schema: Identifier, _ ledger: Ledger, _ transaction: borrowing Transaction
    ) throws -> [ArchiveRecord] {
        let compared = compared(by: pipeline)
        var records: [ArchiveRecord] = []
        for table in compared.filled.union(compared.read.keys).sorted(by: { $0.name < $1.name }) {
            let name = QualifiedName(schema: schema, name: table)
            let there = try TableFacts(name, transaction)?.columns ?? [:]
            for record in try ledger.archives(of: name, transaction) {
                let isCompared =
                    compared.filled.contains(table)
                    || record.columns.contains { compared.read[table, default: []].contains($0) }
                if isCompared, record.columns.allSatisfy({ there[$0] == nil }) { records.append(record) }
            }
        }
        return records
    }

    /// The columns that verify stages read, by table; and the tables of which they compare whole rows.
    private static func compared(
        by pipeline: Pipeline
    ) -> (read: [Identifier: Set<Identifier>], filled: Set<Identifier>) {
        var read: [Identifier: Set<Identifier>] = [:]
        var filled: Set<Identifier> = []
        for stage in pipeline.stages {
            guard case .verify(let verification) = stage.work else { continue }
            for proof in verification.proofs {
                guard case .stream(let stream) = proof.subject else { continue }
                read[stream.source.table, default: []].formUnion(stream.source.columns)
                filled.formUnion(stream.targets.map(\.table))
            }
        }
        return (read, filled)
    }

    /// Compares one archive with its record.
    static func check(
        _ record: ArchiveRecord, _ ledger: Ledger, _ transaction: borrowing Transaction
    ) throws -> String {
        let what = "\(RetiredColumns.list(record.columns)) of \(record.table)"
        guard let relation = record.relation else { return "dropped without an archive, as asked: \(what)" }
        let archive = QualifiedName(schema: ledger.schema, name: relation)
        let found = try transaction.row(
            """
            select c.oid is not null, coalesce(has_table_privilege(c.oid, 'select'), false)
              from (select to_regclass(\(.text(archive.quoted)))::oid as oid) c
            """)
        guard found.bool(0) else {
            throw Failure(
                .failed, "the archive \(archive), with \(what), is gone",
                next: "find out who removed it; a backup of the database may have it")
        }
        guard found.bool(1) else {
            return "dropped: \(what); this role may not read the archive \(archive), so it was not checked"
        }
        let xmin = ColumnArchive.xminColumn(beside: record.key + record.columns)
        let marks = try ColumnArchive.marks(in: archive, key: record.key, xmin: xmin, transaction)
        guard marks == (record.rows, record.sum) || Mutant.is(.restoreWhateverIsThere) else {
            throw Failure(
                .failed, "the archive \(archive) is not as it was made: it has \(marks.rows) rows of \(record.rows)",
                details: marks.rows == record.rows ? ["as many, but not the same ones"] : [],
                next: "find out who wrote to it; a backup of the database may have it as it was")
        }
        return "dropped: \(what); all \(marks.rows) rows of it are in \(archive)"
    }
}

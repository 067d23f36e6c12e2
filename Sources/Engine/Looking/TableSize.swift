public import Postgres

/// How large a table is, as the server says it.
public struct TableSize: Sendable {
    /// Where a number of rows comes from.
    public enum Rows: Sendable, Equatable {
        /// They were counted.
        case counted(Int64)
        /// By the statistics, which were last made then.
        case estimated(Int64, analyzed: String?)
        /// The table was never analyzed, and is too large to be counted for this.
        case unknown
    }

    /// The table.
    public let table: QualifiedName
    /// Its rows.
    public let rows: Rows
    /// Bytes of the rows, without what is stored apart from them.
    public let heap: Int64
    /// Bytes of the rows with all that is stored apart.
    public let total: Int64
    /// Bytes of its indexes.
    public let indexes: Int64
    /// How many rows were written since the statistics were made; nil where nobody knows.
    public let changedSince: Int64?
    /// How many indexes it has.
    let indexCount: Int64

    /// The number of rows, however it is known.
    public var rowCount: Int64? {
        switch rows {
        case .counted(let rows), .estimated(let rows, _): rows
        case .unknown: nil
        }
    }

    /// Up to this many bytes a table is counted, because that takes a moment.
    static let countable: Int64 = 256 << 20

    /// Asks for a table's size; nil where there is no such table. Takes a lock that only DDL stands in the way of.
    static func of(_ table: QualifiedName, _ transaction: borrowing Transaction) throws -> TableSize? {
        let found = try transaction.run(
            """
            select sizes.heap, sizes.whole, sizes.indexes,
                   case when c.reltuples < 0 or (c.reltuples = 0 and sizes.pages > 0) then null
                        when c.relkind = 'p' then c.reltuples::bigint
                        else (c.reltuples / greatest(c.relpages, 1) * sizes.pages)::bigint end,
                   greatest(s.last_analyze, s.last_autoanalyze), s.n_mod_since_analyze,
                   (select count(*) from pg_index i where i.indrelid = c.oid)
              from pg_class c join pg_namespace n on n.oid = c.relnamespace
              left join pg_stat_all_tables s on s.relid = c.oid,
                   -- A partitioned table holds no bytes itself.
                   lateral (select sum(pg_relation_size(part)) as heap, sum(pg_table_size(part)) as whole,
                                   sum(pg_indexes_size(part)) as indexes,
                                   sum(pg_relation_size(part)) / current_setting('block_size')::int as pages
                              from (select relid as part from pg_partition_tree(c.oid) where isleaf
                                    union select c.oid) parts) sizes
             where n.nspname = \(.text(table.schema.name)) and c.relname = \(.text(table.name.name))
               and c.relkind in ('r', 'p')
            """)
        guard let row = found.first else { return nil }
        let heap = row.int(0) ?? 0
        var rows = Rows.unknown
        if heap <= countable, let counted = try count(table, transaction) {
            rows = .counted(counted)
        } else if let estimated = row.int(3) {
            rows = .estimated(estimated, analyzed: row.text(4))
        }
        return TableSize(
            table: table, rows: rows, heap: heap, total: row.int(1) ?? 0, indexes: row.int(2) ?? 0,
            changedSince: row.text(4) == nil ? nil : row.int(5), indexCount: row.int(6) ?? 0)
    }

    /// Nil for a role that may not read it.
    private static func count(_ table: QualifiedName, _ transaction: borrowing Transaction) throws -> Int64? {
        let counted = try transaction.attempt { try transaction.row("select count(*) from \(table)").int(0) }
        return if case .success(let rows) = counted { rows } else { nil }
    }
}

import Ledger
import Postgres
import Transforms

/// The SQL that reads a chunk of a stream's source, and where its columns are in a COPY row.
struct ChunkQuery {
    let tables: StreamTables
    let limits: BatchLimits

    /// What a row says about itself besides its data.
    enum Flag {
        static let beyondLimit: Int32 = 1
        static let tooLarge: Int32 = 2
    }

    static let xmin = 0
    static let keyHash = 1
    static let mark = 2
    static let flags = 3
    var keyText: Int { 4 }
    var keyBinary: Int { keyText + tables.source.key.count }
    var documents: Int { keyBinary + tables.source.key.count }
    var carry: Int { documents + tables.columns.count }

    /// The keys of a range, compared in the key's own types and order.
    static func condition(_ range: KeyRange, key: [KeyColumn], alias: String) -> SQL {
        let columns = SQL.list(key.map(\.name), of: alias)
        var conditions: [SQL] = []
        let above = Mutant.is(.edgeTwice) ? ">=" : ">"
        if let lower = range.lower {
            conditions.append("(\(columns)) \(unsafe: above) (\(values(lower, key)))")
        }
        let through = Mutant.is(.edgeMissed) ? "<" : "<="
        if let upper = range.upper {
            conditions.append("(\(columns)) \(unsafe: through) (\(values(upper, key)))")
        }
        return conditions.isEmpty ? "true" : SQL.joined(conditions, separator: " and ")
    }

    /// The keys from one through another.
    static func condition(from first: Key, through last: Key, key: [KeyColumn], alias: String) -> SQL {
        let columns = SQL.list(key.map(\.name), of: alias)
        return "(\(columns)) >= (\(values(first, key))) and (\(columns)) <= (\(values(last, key)))"
    }

    /// Some keys, one by one.
    static func condition(_ keys: [Key], key columns: [KeyColumn], alias: String) -> SQL {
        let names = SQL.list(columns.map(\.name), of: alias)
        let rows = keys.map { key -> SQL in "(\(values(key, columns)))" }
        return "(\(names)) in (\(SQL.joined(rows, separator: ", ")))"
    }

    private static func values(_ key: Key, _ columns: [KeyColumn]) -> SQL {
        SQL.joined(
            zip(key.parts, columns).map { part, column -> SQL in "\(literal: part)::\(unsafe: column.type)" },
            separator: ", ")
    }

    /// Reads the rows that a condition on `s` picks, in key order. After the batch's bytes are used up rows come without their documents,
    /// so that the chunk can be cut there; so do rows whose documents are too large to be fetched.
    func select(where condition: SQL) -> SQL {
        let keys = tables.source.key.indices.map { "k\($0)" }
        let documents = tables.columns.indices.map { "d\($0)" }
        let order = keys.joined(separator: ", ")
        let inner =
            ["s.xmin as x", "\(tables.source.printedKey(of: "s")) collate \"C\" as printed"]
            + tables.source.key.enumerated().map { "s.\($1.name.quoted) as k\($0)" }
            + tables.columns.enumerated().map { "s.\($1.name.quoted) as d\($0)" }
            + tables.carry.enumerated().map { "s.\($1.quoted) as c\($0)" }
        let sizes = tables.columns.enumerated().map { Self.size("d\($0)", $1.type) }.joined(separator: " + ")
        let tooLarge = tables.columns.enumerated().map { isTooLarge("d\($0)", $1.type) }.joined(separator: " or ")
        let outer =
            ["x", "hashtextextended(printed, 0)", "hashtextextended(printed, x::text::bigint)", "flags"]
            + keys.map { "\($0)::text" } + keys
            + documents.map { "case when flags = 0 then \($0) end" } + tables.carry.indices.map { "c\($0)" }
        return """
            select \(unsafe: outer.joined(separator: ", "))
              from (select *, case when before >= \(limits.bytes) then \(Flag.beyondLimit) else 0 end
                              + case when \(unsafe: tooLarge) then \(Flag.tooLarge) else 0 end as flags
                      from (select *, sum((\(unsafe: sizes))::bigint) over (order by \(unsafe: order)
                                        rows between unbounded preceding and current row) - (\(unsafe: sizes)) as before
                              from (select \(unsafe: inner.joined(separator: ", "))
                                      from \(tables.source.name) s
                                     where \(condition)) in_range) summed) flagged
             order by \(unsafe: keys.map { "flagged.\($0)" }.joined(separator: ", "))
            """
    }

    /// About how many bytes a document will be when it is read, told without reading it: prose is compressed to a third or
    /// a quarter.
    private static func size(_ column: String, _ type: DocumentType) -> String {
        if type == .text { return "coalesce(octet_length(\(column)), 0)" }
        let factor = "case when pg_column_compression(\(column)) is null then 1 else 4 end"
        return "coalesce(pg_column_size(\(column)) * \(factor), 0)"
    }

    /// Whether a document is above the limit. A stored size is looked at first, because the decoded one costs reading
    /// the document: compression makes at most about a hundredth of it, escapes at most six times as much.
    private func isTooLarge(_ column: String, _ type: DocumentType) -> String {
        let limit = limits.documentBytes
        if type == .text { return "coalesce(octet_length(\(column)) > \(limit), false)" }
        let stored = "pg_column_size(\(column))"
        let isPlain = "pg_column_compression(\(column)) is null"
        return """
            coalesce(case when \(stored) > case when \(isPlain) then \(limit) * 8 else \(limit) end then true
                          when \(stored) > case when \(isPlain) then \(limit) / 8 else \(limit) / 600 end
                          then octet_length(\(column)::text) > \(limit) else false end, false)
            """
    }
}

import Postgres
import Transforms

/// The types that the engine knows by number, the same in every PostgreSQL.
enum TypeOID {
    static let text: Int64 = 25
    static let varchar: Int64 = 1043
    static let jsonb: Int64 = 3802
    /// `uuid`, `text`, `varchar`, `bigint`, `integer`, `smallint`.
    static let keys: Set<Int64> = [2950, text, varchar, 20, 23, 21]
    /// Whether a value of one type may be copied in binary to a column of the other.
    static func haveSameForm(_ one: Int64, _ other: Int64) -> Bool {
        one == other || ([text, varchar].contains(one) && [text, varchar].contains(other))
    }

    static let documents: [Int64: DocumentType] = [text: .text, varchar: .text, 114: .json, jsonb: .jsonb]
}

/// What the catalogue says about a table.
struct TableFacts {
    struct Column {
        let typeOID: Int64
        let type: String
        /// The collation's name as it stands after COLLATE; nil for types that have none.
        let collation: String?
    }

    let name: QualifiedName
    let oid: Int64
    let columns: [Identifier: Column]

    /// Looks a table up; nil when there is none.
    init?(_ name: QualifiedName, _ transaction: borrowing Transaction) throws(PostgresError) {
        let found = try transaction.run(
            """
            select c.oid, a.attname, coalesce(nullif(t.typbasetype, 0), t.oid), format_type(a.atttypid, a.atttypmod),
                   (select format('%I.%I', s.nspname, l.collname)
                      from pg_collation l join pg_namespace s on s.oid = l.collnamespace where l.oid = a.attcollation)
              from pg_class c
              join pg_namespace n on n.oid = c.relnamespace
              join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
              join pg_type t on t.oid = a.atttypid
             where n.nspname = \(.text(name.schema.name)) and c.relname = \(.text(name.name.name))
               and c.relkind in ('r', 'p')
            """)
        guard let oid = found.first?.int(0) else { return nil }
        self.name = name
        self.oid = oid
        var columns: [Identifier: Column] = [:]
        for row in found.rows {
            guard let column = row.text(1).flatMap({ Identifier($0) }) else { continue }
            columns[column] = Column(
                typeOID: row.int(2) ?? 0, type: row.text(3) ?? "", collation: row.text(4))
        }
        self.columns = columns
    }

    /// The key must pick one row, and an index must follow its order.
    func keyProblems(_ key: [Identifier], _ transaction: borrowing Transaction) throws(PostgresError) -> [String] {
        let names = key.map { Array($0.name.utf8) }
        let found = try transaction.row(
            """
            select exists (
                select from pg_index i
                 where i.indrelid = \(.int(oid))::oid and i.indisunique and i.indisvalid and i.indpred is null
                   and i.indnkeyatts = cardinality(\(.textArray(names)))
                   and array(select a.attname::text from unnest(i.indkey::int2[]) with ordinality k (attnum, place)
                               join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum and a.attnotnull
                              where place <= i.indnkeyatts order by place) = \(.textArray(names)))
            """)
        if found.bool(0) { return [] }
        let list = key.map(\.name).joined(separator: ", ")
        return ["\(name) has no primary key, nor a unique index on not null columns, on (\(list))"]
    }

    /// What the catalogue says of the columns of some tables, to see that it is still the same; of those that are written
    /// to also what could refuse or change every row from now on: checks, triggers, rules and row security. Otherwise a
    /// check that somebody adds would make a reject of every row that is left.
    static func signature(
        of tables: [QualifiedName], writing written: [QualifiedName] = [], _ transaction: borrowing Transaction
    ) throws(PostgresError) -> String {
        let row = try transaction.row(
            """
            select (select string_agg(concat_ws(' ', attrelid, attnum, attname, atttypid, attisdropped), ','
                                      order by attrelid, attnum)
                      from pg_attribute where attrelid = any (\(oids(of: tables))) and attnum > 0),
                   (select string_agg(concat_ws(' ', c.oid, c.relrowsecurity, c.relforcerowsecurity,
                        array(select k.oid from pg_constraint k where k.conrelid = c.oid and k.contype = 'c' order by 1),
                        array(select t.oid || t.tgenabled::text from pg_trigger t
                               where t.tgrelid = c.oid and not t.tgisinternal order by 1),
                        array(select r.oid || r.ev_enabled::text from pg_rewrite r where r.ev_class = c.oid order by 1)),
                        ',' order by c.oid)
                      from pg_class c where c.oid = any (\(oids(of: written))))
            """)
        return [row.text(0), row.text(1)].compactMap(\.self).joined(separator: "; ")
    }

    private static func oids(of tables: [QualifiedName]) -> SQL {
        "array(select to_regclass(name)::oid from unnest(\(.textArray(tables.map { Array($0.quoted.utf8) }))) name)"
    }
}

import Pipelines
import Postgres

/// The SQL of one declared constraint: how it is found in the catalogue, and how it is built.
struct ConstraintBuilder {
    /// What the catalogue has of it.
    enum Presence: Equatable {
        case absent
        case valid
        /// A foreign key, by the name it has there, that does not vouch for the rows that were there before it.
        case notValid(name: Identifier)
        /// Something that stands in its way.
        case differs(String)
    }

    let constraint: Constraint
    let schema: Identifier

    var table: QualifiedName { QualifiedName(schema: schema, name: constraint.table) }

    /// The tables that building it locks.
    var tables: [QualifiedName] {
        if case .foreignKey(_, let references, _, _) = constraint.definition {
            return [table, QualifiedName(schema: schema, name: references)]
        }
        return [table]
    }

    /// Kind and name, as the ledger records what was created.
    var record: String {
        if case .index = constraint.definition { return indexRecord }
        return "constraint \(constraint.name.quoted) on \(table.quoted)"
    }

    /// The same of its index alone.
    var indexRecord: String { "index \(schema.quoted).\(constraint.name.quoted)" }

    /// Builds it; a foreign key not valid at first.
    var create: SQL {
        switch constraint.definition {
        case .primaryKey(let columns):
            "alter table \(table) add constraint \(constraint.name) primary key (\(SQL.list(columns)))"
        case .unique(let columns):
            "alter table \(table) add constraint \(constraint.name) unique (\(SQL.list(columns)))"
        case .index(let columns, let isUnique, let predicate):
            """
            create \(unsafe: isUnique ? "unique " : "")index \(constraint.name) on \(table) (\(SQL.list(columns)))\
            \(unsafe: predicate.map { " where \($0)" } ?? "")
            """
        case .foreignKey(let columns, let references, let referenced, let onDelete):
            """
            alter table \(table) add constraint \(constraint.name) foreign key (\(SQL.list(columns)))
            references \(QualifiedName(schema: schema, name: references)) (\(SQL.list(referenced)))
            on delete \(unsafe: onDelete.sql) not valid
            """
        }
    }

    /// Makes a foreign key vouch for every row.
    func validate(_ name: Identifier) -> SQL { "alter table \(table) validate constraint \(name)" }

    /// Its index alone, built without keeping anybody from writing; nil for what has no index.
    var createIndexConcurrently: SQL? {
        switch constraint.definition {
        case .primaryKey(let columns), .unique(let columns):
            "create unique index concurrently \(constraint.name) on \(table) (\(SQL.list(columns)))"
        case .index(let columns, let isUnique, let predicate):
            """
            create \(unsafe: isUnique ? "unique " : "")index concurrently \(constraint.name) on \(table) \
            (\(SQL.list(columns)))\(unsafe: predicate.map { " where \($0)" } ?? "")
            """
        case .foreignKey: nil
        }
    }

    /// Makes a constraint of the index that was built alone; nil where the index is all there is.
    var adoptIndex: SQL? {
        switch constraint.definition {
        case .primaryKey:
            "alter table \(table) add constraint \(constraint.name) primary key using index \(constraint.name)"
        case .unique: "alter table \(table) add constraint \(constraint.name) unique using index \(constraint.name)"
        case .index, .foreignKey: nil
        }
    }

    /// Removes an index of its name that a build which was cut off left half-made.
    func dropIndex(concurrently: Bool) -> SQL {
        "drop index \(unsafe: concurrently ? "concurrently " : "")\(QualifiedName(schema: schema, name: constraint.name))"
    }

    /// How an index of its name stands on the table.
    enum IndexState {
        case absent
        case broken
        case ready
    }

    /// Looks for an index of its name.
    func indexState(_ transaction: borrowing Transaction) throws(PostgresError) -> IndexState {
        let found = try transaction.run(
            """
            select i.indisvalid and i.indisready from pg_index i join pg_class c on c.oid = i.indexrelid
             where i.indrelid = \(oid(table)) and c.relname = \(.text(constraint.name.name))
            """)
        guard let row = found.first else { return .absent }
        return row.bool(0) ? .ready : .broken
    }

    /// Looks for the constraint, by what it demands and not by its name: another tool may have named it otherwise.
    func presence(_ transaction: borrowing Transaction) throws(PostgresError) -> Presence {
        switch constraint.definition {
        case .primaryKey(let columns): try primaryKey(columns, transaction)
        case .unique(let columns): try index(columns, isUnique: true, predicate: nil, transaction)
        case .index(let columns, let isUnique, let predicate):
            try index(columns, isUnique: isUnique, predicate: predicate, transaction)
        case .foreignKey(let columns, let references, let referenced, let onDelete):
            try foreignKey(columns, references, referenced, onDelete, transaction)
        }
    }

    private func primaryKey(
        _ columns: [Identifier], _ transaction: borrowing Transaction
    ) throws(PostgresError) -> Presence {
        let found = try transaction.run(
            """
            select \(Self.names(of: "k.conkey", in: "k.conrelid")) = \(names(columns)), k.conname
              from pg_constraint k where k.conrelid = \(oid(table)) and k.contype = 'p'
            """)
        guard let row = found.first else { return .absent }
        if row.bool(0) { return .valid }
        return .differs("\(table) has another primary key: \(row.text(1) ?? "")")
    }

    /// A whole index serves whatever its name is. A partial one is known by its name: two texts of a predicate that mean
    /// the same are not told to be the same.
    private func index(
        _ columns: [Identifier], isUnique: Bool, predicate: String?, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> Presence {
        let isThere = try transaction.row(
            """
            select exists (
                select from pg_index i join pg_class c on c.oid = i.indexrelid
                 where i.indrelid = \(oid(table)) and i.indisvalid and i.indisunique >= \(.bool(isUnique))
                   and (i.indpred is not null) = \(.bool(predicate != nil))
                   and (\(.bool(predicate == nil)) or c.relname = \(.text(constraint.name.name)))
                   and \(Self.names(of: "i.indkey::int2[]", in: "i.indrelid")) = \(names(columns)))
            """)
        return isThere.bool(0) ? .valid : .absent
    }

    private func foreignKey(
        _ columns: [Identifier], _ references: Identifier, _ referenced: [Identifier],
        _ onDelete: Constraint.DeleteAction, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> Presence {
        let found = try transaction.run(
            """
            select k.convalidated, k.confdeltype = \(.text(onDelete.catalogCode)), k.conname
              from pg_constraint k
             where k.contype = 'f' and k.conrelid = \(oid(table))
               and k.confrelid = \(oid(QualifiedName(schema: schema, name: references)))
               and \(Self.names(of: "k.conkey", in: "k.conrelid")) = \(names(columns))
               and \(Self.names(of: "k.confkey", in: "k.confrelid")) = \(names(referenced))
             order by 2 desc, 1 desc limit 1
            """)
        guard let row = found.first else { return .absent }
        guard row.bool(1) else {
            return .differs("\(table) has a foreign key \(row.text(2) ?? "") that is not ON DELETE \(onDelete.sql)")
        }
        if row.bool(0) { return .valid }
        return .notValid(name: row.text(2).flatMap { Identifier($0) } ?? constraint.name)
    }

    private func oid(_ name: QualifiedName) -> SQL { "to_regclass(\(.text(name.quoted)))" }

    private func names(_ columns: [Identifier]) -> SQL { "\(.textArray(columns.map { Array($0.name.utf8) }))" }

    /// The names behind an array of column numbers, in its order.
    private static func names(of numbers: String, in table: String) -> SQL {
        SQL(
            unsafe: """
                array(select a.attname::text from unnest(\(numbers)) with ordinality n (number, place)
                        join pg_attribute a on a.attrelid = \(table) and a.attnum = n.number order by n.place)
                """)
    }
}

extension Constraint.DeleteAction {
    /// The letter that pg_constraint has for it.
    fileprivate var catalogCode: String {
        switch self {
        case .cascade: "c"
        case .setNull: "n"
        case .restrict: "r"
        case .noAction: "a"
        }
    }
}

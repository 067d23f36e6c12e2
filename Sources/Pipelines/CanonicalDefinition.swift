import Postgres

extension Stage {
    /// What the stage does, as bytes that change when that changes and at no other time.
    ///
    /// The ledger keeps their hash to see that a stage that was begun is still the same. Names and titles, flags,
    /// the order of keys, comments, white space and the path of an SQL file are no part of it; the schema is not
    /// either, because a run is bound to the tables themselves.
    public var canonicalDefinition: [UInt8] {
        switch work {
        case .check(let script), .sql(let script):
            Array("\(work.kind)\n".utf8) + script.canonicalText
        case .stream(let stream):
            Array("\(work.kind)\n\(stream.canonicalDefinition)".utf8)
        case .constraints(let constraints):
            Array("\(work.kind)\n\(constraints.map(\.canonicalDefinition).joined())".utf8)
        }
    }
}

extension Stream {
    /// One line a part; names are quoted, so no name can pass for something else.
    fileprivate var canonicalDefinition: String {
        var lines = [
            "source \(source.table.quoted) key \(list(source.key)) columns \(list(source.columns))",
            "transform \(transform.rawValue)",
            "target \(target.table.quoted) parent \(list(target.parent))",
        ]
        if let writeBack { lines.append("write back \(writeBack.quoted)") }
        return lines.map { $0 + "\n" }.joined()
    }
}

extension Constraint {
    fileprivate var canonicalDefinition: String {
        "\(name.quoted) on \(table.quoted) \(demand)\n"
    }

    private var demand: String {
        switch definition {
        case .primaryKey(let columns):
            return "primary key \(list(columns))"
        case .unique(let columns):
            return "unique \(list(columns))"
        case .index(let columns, let isUnique, let predicate):
            let kind = isUnique ? "unique index" : "index"
            return "\(kind) \(list(columns))" + (predicate.map { " where \($0)" } ?? "")
        case .foreignKey(let columns, let table, let referenced, let action):
            return "foreign key \(list(columns)) references \(table.quoted) \(list(referenced)) \(action.rawValue)"
        }
    }
}

private func list(_ names: [Identifier]) -> String {
    "(" + names.map(\.quoted).joined(separator: ", ") + ")"
}

import Postgres

extension Stage {
    /// What the stage does, as bytes that change when that changes and at no other time.
    ///
    /// The ledger keeps their hash to see that a stage that was begun is still the same. Names and titles, flags,
    /// the order of keys, comments, white space and the path of an SQL file are no part of it; the schema is not
    /// either, because a run is bound to the tables themselves.
    public var canonicalDefinition: [UInt8] {
        switch work {
        case .check(let script):
            Array("\(work.kind)\n".utf8) + script.canonicalText
        case .sql(let scripts):
            Array("\(work.kind)\n".utf8) + scripts.flatMap(\.canonicalText)
        case .stream(let stream):
            Array("\(work.kind)\n\(stream.canonicalDefinition)".utf8)
        case .batch(let batch):
            Array("\(work.kind)\n\(batch.canonicalDefinition)".utf8) + batch.statement.canonicalText
        case .verify(let verification):
            Array("\(work.kind)\n".utf8) + verification.proofs.flatMap(\.canonicalDefinition)
        case .retire(let retirement):
            Array("\(work.kind)\n\(retirement.canonicalDefinition)".utf8)
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
        ]
        for (place, target) in targets.enumerated() {
            lines.append("target \(target.table.quoted) parent \(list(target.parent))")
            if place == 0, !source.carry.isEmpty { lines.append("carry \(list(source.carry))") }
            if let rows = target.rows { lines.append("rows \(rows)") }
        }
        if let writeBack { lines.append("write back \(writeBack.quoted)") }
        return lines.map { $0 + "\n" }.joined()
    }
}

extension SQLBatch {
    fileprivate var canonicalDefinition: String { "source \(table.quoted) key \(list(key))\n" }
}

extension Proof {
    fileprivate var canonicalDefinition: [UInt8] {
        let name = Array("of \(pipeline ?? "")/\(stage)\n".utf8)
        return switch subject {
        case .stream(let stream): name + Array(stream.canonicalDefinition.utf8)
        case .batch(let batch, let differences):
            name + Array(batch.canonicalDefinition.utf8) + batch.statement.canonicalText + [0x0a]
                + differences.canonicalText
        }
    }
}

extension Retirement {
    fileprivate var canonicalDefinition: String {
        "table \(table.quoted) key \(list(key)) columns \(list(columns)) proof \(proof)\n"
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

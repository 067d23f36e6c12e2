import JSON
import Postgres

/// Reads one element of a constraints stage.
struct ConstraintReader {
    private let object: ObjectReader

    /// The keys of which a constraint has exactly one, apart from `unique`, which an index may have, too.
    private static let definingKeys = ["primary_key", "unique", "index", "foreign_key"]

    /// The constraint; nil when it leaves a problem. `lines` has the names met so far, and where.
    ///
    /// Two constraints of a name would each take the other for their own in the catalogue.
    static func read(
        _ value: LocatedValue, subject: String, lines: inout [Identifier: Int], problems: ProblemList
    ) -> Constraint? {
        guard var object = ObjectReader(value, subject: subject, problems: problems) else { return nil }
        object.expectKeys(PipelineKeys.constraint, of: "a constraint")
        let name = object.identifier("name")
        if let name {
            object.subject = "constraint \(quotation(name.name))"
            if let line = lines[name] {
                object.complain(about: "name", "is taken by the constraint on line \(line)")
            }
            lines[name] = lines[name] ?? object.line
        }
        let table = object.identifier("table")
        let definition = ConstraintReader(object: object).definition()
        guard let name, let table, let definition else { return nil }
        return Constraint(name: name, table: table, definition: definition)
    }

    private func definition() -> Constraint.Definition? {
        var defining = Self.definingKeys.filter(object.has)
        if defining == ["unique", "index"] { defining = ["index"] }
        guard defining.count == 1, let key = defining.first else {
            let keys = Self.definingKeys.map(quotation).joined(separator: ", ")
            object.complain("must have exactly one of \(keys)")
            return nil
        }
        expectNoStrangers(to: key)
        switch key {
        case "primary_key": return object.identifiers(key).map { .primaryKey($0) }
        case "unique": return object.identifiers(key).map { .unique($0) }
        case "index": return index()
        default: return foreignKey()
        }
    }

    /// Keys that exist, but say something about another sort of constraint.
    private func expectNoStrangers(to key: String) {
        let owners = ["where": "index", "references": "foreign_key", "on_delete": "foreign_key"]
        for (stranger, owner) in owners.sorted(by: { $0.key < $1.key }) where owner != key && object.has(stranger) {
            object.complain(about: stranger, "goes with \(quotation(owner)) only")
        }
    }

    private func index() -> Constraint.Definition? {
        let isUnique = object.flag("unique")
        let columns = object.identifiers("index")
        let predicate = object.expression("where")
        guard let isUnique, let columns, predicate != nil || !object.has("where") else { return nil }
        return .index(columns: columns, isUnique: isUnique, predicate: predicate)
    }

    private func foreignKey() -> Constraint.Definition? {
        let columns = object.identifiers("foreign_key")
        let references = object.object("references", keys: PipelineKeys.references)
        let table = references?.identifier("table")
        let referenced = references?.identifiers("columns")
        let action = deleteAction()
        if let columns, let referenced, columns.count != referenced.count {
            let counts = "\(columns.count) and \(referenced.count)"
            object.complain(about: "foreign_key", "and what it references differ in length: \(counts) columns")
            return nil
        }
        guard let columns, let table, let referenced, let action else { return nil }
        return .foreignKey(columns: columns, references: table, referencedColumns: referenced, onDelete: action)
    }

    /// What PostgreSQL does when nothing is said is `no action`.
    private func deleteAction() -> Constraint.DeleteAction? {
        guard object.has("on_delete") else { return .noAction }
        guard let name = object.string("on_delete") else { return nil }
        if let action = Constraint.DeleteAction(rawValue: name) { return action }
        let hint = hint(for: name, among: Constraint.DeleteAction.allCases.map(\.rawValue))
        object.complain(about: "on_delete", "cannot be \(quotation(name)); \(hint)")
        return nil
    }
}

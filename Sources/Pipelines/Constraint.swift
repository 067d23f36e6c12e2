public import Postgres

/// A constraint or an index that a pipeline wants on a table.
public struct Constraint: Equatable, Sendable {
    /// Its name, by which the catalogue is asked whether it is there.
    public let name: Identifier
    /// The table it belongs to.
    public let table: Identifier
    /// What it demands.
    public let definition: Definition

    /// What a constraint demands; every list of columns has at least one, and none twice.
    public enum Definition: Equatable, Sendable {
        /// The primary key.
        case primaryKey([Identifier])
        /// A unique constraint.
        case unique([Identifier])
        /// An index that is no constraint; the predicate is one SQL expression in canonical form.
        case index(columns: [Identifier], isUnique: Bool, predicate: String?)
        /// A foreign key; both lists are of the same length.
        case foreignKey(
            columns: [Identifier], references: Identifier, referencedColumns: [Identifier], onDelete: DeleteAction)
    }

    /// What happens to a row when the row it refers to is deleted.
    public enum DeleteAction: String, CaseIterable, Sendable {
        /// It is deleted, too.
        case cascade
        /// Its columns become NULL.
        case setNull = "set null"
        /// The deletion is refused at once.
        case restrict
        /// The deletion is refused at the end of the statement.
        case noAction = "no action"

        /// The action as it stands behind ON DELETE.
        public var sql: String { rawValue.uppercased() }
    }
}

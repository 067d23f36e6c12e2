public import Postgres

/// Columns that a retire stage drops, and the verification that must have passed before.
///
/// Every one of the columns is read by a stream that the verification proves, from the same table by the same key.
public struct Retirement: Equatable, Sendable {
    /// The table.
    public let table: Identifier
    /// The columns that tell its rows apart.
    public let key: [Identifier]
    /// The columns to drop.
    public let columns: [Identifier]
    /// The verify stage, an earlier one of the same pipeline.
    public let proof: String
}

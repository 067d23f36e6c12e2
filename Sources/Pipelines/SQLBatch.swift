public import Postgres

/// What a batch stage works through, and the statement that does it.
public struct SQLBatch: Equatable, Sendable {
    /// The table whose keys the work is divided by; the statement calls it `source`, and writes to no other.
    public let table: Identifier
    /// The columns that tell its rows apart, in the order in which they are worked through; at least one.
    public let key: [Identifier]
    /// The statement. Doing it twice must be the same as doing it once.
    public let statement: RangedStatement
    /// What takes back what the statement wrote to rows, where that is still there; nil when nothing is said of it. It
    /// is no part of what the stage is: it may be added or mended later.
    public let undo: RangedStatement?
}

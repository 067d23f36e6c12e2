public import Postgres

/// A lock that a statement takes on a table.
public struct LockUse: Sendable, Equatable {
    /// The modes, the weakest first, named as PostgreSQL names them.
    public enum Mode: String, Sendable, CaseIterable, Comparable {
        case accessShare = "ACCESS SHARE"
        case rowShare = "ROW SHARE"
        case rowExclusive = "ROW EXCLUSIVE"
        case shareUpdateExclusive = "SHARE UPDATE EXCLUSIVE"
        case share = "SHARE"
        case shareRowExclusive = "SHARE ROW EXCLUSIVE"
        case exclusive = "EXCLUSIVE"
        case accessExclusive = "ACCESS EXCLUSIVE"

        /// Whether it is weaker.
        public static func < (one: Mode, other: Mode) -> Bool {
            (allCases.firstIndex(of: one) ?? 0) < (allCases.firstIndex(of: other) ?? 0)
        }
    }

    /// What a statement does under the lock, and thereby how long that takes.
    public enum Extent: String, Sendable, CaseIterable, Comparable {
        /// It changes the catalogue only: a moment.
        case moment
        /// It writes rows.
        case writesRows = "writes-rows"
        /// It reads every row.
        case readsRows = "reads-rows"
        /// It reads every row and builds an index.
        case buildsIndex = "builds-index"
        /// It writes the table anew where a default is volatile, and else takes a moment.
        case rewritesIfVolatile = "rewrites-if-volatile"
        /// It writes the table and its indexes anew.
        case rewrites

        /// Whether it takes less.
        public static func < (one: Extent, other: Extent) -> Bool {
            (allCases.firstIndex(of: one) ?? 0) < (allCases.firstIndex(of: other) ?? 0)
        }
    }

    /// The table.
    public let table: QualifiedName
    /// The lock's mode.
    public let mode: Mode
    /// What is done while it is held.
    public let extent: Extent

    /// A lock on a table.
    public init(_ mode: Mode, on table: QualifiedName, _ extent: Extent) {
        self.mode = mode
        self.table = table
        self.extent = extent
    }
}

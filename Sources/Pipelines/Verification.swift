public import Postgres

/// What a verify stage compares: at least one proof, no two of the same stage.
public struct Verification: Equatable, Sendable {
    /// The proofs, in the order in which they are made.
    public let proofs: [Proof]
}

/// The work of one stage, to be compared with what it should be.
public struct Proof: Equatable, Sendable {
    /// The pipeline of that stage; nil where it is an earlier one of this pipeline.
    public let pipeline: String?
    /// The stage whose work it is.
    public let stage: String
    /// How it is compared.
    public let subject: Subject

    /// How the work of a stage is compared.
    public enum Subject: Equatable, Sendable {
        /// The source is transformed again, and every row compared both ways.
        case stream(Stream)
        /// A query gives what differs, a row each: the key as text, what is there, what should be.
        case batch(SQLBatch, differences: RangedStatement)
    }

    /// The table that is read, and by which columns.
    public var source: (table: Identifier, key: [Identifier]) {
        switch subject {
        case .stream(let stream): (stream.source.table, stream.source.key)
        case .batch(let batch, _): (batch.table, batch.key)
        }
    }
}

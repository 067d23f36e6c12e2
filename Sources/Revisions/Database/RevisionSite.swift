public import Postgres

/// Where revisions are applied and on whose behalf: what every part of the work needs and none changes.
public struct RevisionSite: Sendable {
    /// The database.
    public var target: ConnectionTarget
    /// How long things may take.
    public var deadlines: Deadlines
    /// How the work is asked to stop.
    public var interruption: Interruption
    /// Where unqualified names of revisions are sought, and where their new objects go.
    public var schema: Identifier
    /// The schema that holds the table of applied revisions.
    public var ledgerSchema: Identifier
    /// The options that a command must repeat to mean the same database and files.
    public var options: [String]
    /// Makes the ledger's schema where it is absent, and refuses one that is not ours.
    public var admit: @Sendable (borrowing Transaction) throws -> Void
    /// Says whether there is a ledger of ours; refuses one that is not.
    public var look: @Sendable (borrowing Transaction) throws -> Bool
    /// Writes down what is done, in the transaction of the act.
    public var audit: @Sendable (RevisionAct, String, borrowing Transaction) throws -> Void
    /// What to tell when no session can be had at all.
    public var advise: @Sendable (PostgresError) -> any Error
    /// Is told what happens; must not block for long.
    public var report: @Sendable (RevisionEvent) -> Void

    /// Describes where and for whom work is done.
    public init(
        target: ConnectionTarget, deadlines: Deadlines, interruption: Interruption, schema: Identifier,
        ledgerSchema: Identifier, options: [String] = [],
        admit: @escaping @Sendable (borrowing Transaction) throws -> Void,
        look: @escaping @Sendable (borrowing Transaction) throws -> Bool,
        audit: @escaping @Sendable (RevisionAct, String, borrowing Transaction) throws -> Void,
        advise: @escaping @Sendable (PostgresError) -> any Error = {
            RevisionFailure($0, while: "opening a session")
        },
        report: @escaping @Sendable (RevisionEvent) -> Void
    ) {
        self.target = target
        self.deadlines = deadlines
        self.interruption = interruption
        self.schema = schema
        self.ledgerSchema = ledgerSchema
        self.options = options
        self.admit = admit
        self.look = look
        self.audit = audit
        self.advise = advise
        self.report = report
    }

    /// A transaction that may take as long as it takes, but does not wait long for locks.
    var defining: TransactionSettings {
        TransactionSettings(schemas: [ledgerSchema], statement: 0, lock: deadlines.lock)
    }

    /// A transaction that only looks.
    var looking: TransactionSettings {
        TransactionSettings(access: .read, schemas: [ledgerSchema], statement: deadlines.statement)
    }

    /// A command as it must be typed to mean the same database and files.
    func command(_ words: String...) -> String { (["etl"] + words + options).joined(separator: " ") }
}

/// What the audit can say was done to revisions.
public enum RevisionAct: String, Sendable {
    case upgrade, downgrade, stamp, redo
}

/// What work on revisions tells whoever watches it.
public enum RevisionEvent: Sendable, Equatable {
    /// Which way a revision goes.
    public enum Direction: String, Sendable {
        case upgrade, downgrade
    }

    /// The statements of a revision begin.
    case began(Direction, RevisionID, title: String)
    /// The statements are done and committed.
    case finished(Direction, RevisionID, seconds: Double)
    /// Another process did it meanwhile.
    case doneByAnother(Direction, RevisionID)
    /// Another process works on the revisions; this one waits.
    case waiting(for: String)
    /// Something failed in passing and will be tried again.
    case retrying(what: String, attempt: Int, delay: Double)
    /// Something to know that is no failure.
    case notice(String)
}

import Postgres

/// A statement that allows a role something. In their order grants can be run one after the other.
struct Grant: Comparable {
    private let statement: String
    private let comment: String?
    private let rank: Int

    private init(_ statement: String, _ comment: String? = nil, rank: Int) {
        self.statement = statement
        self.comment = comment
        self.rank = rank
    }

    static func < (one: Grant, other: Grant) -> Bool { (one.rank, one.statement) < (other.rank, other.statement) }

    /// The statement with what explains it.
    var text: String { statement + (comment.map { " -- \($0)" } ?? "") }

    /// The same as a line of a script.
    var line: String { statement + ";" + (comment.map { " -- \($0)" } ?? "") }

    /// To make schemas in the database; role and database as they stand in SQL, here as below.
    static func createSchemas(in database: String, to role: String) -> Grant {
        Grant("grant create on database \(database) to \(role)", rank: 0)
    }

    static func temporaryTables(in database: String, to role: String) -> Grant {
        Grant("grant temporary on database \(database) to \(role)", rank: 0)
    }

    /// To use a schema, or to create in it.
    static func schema(_ privilege: SchemaPrivilege, _ schema: Identifier, to role: String) -> Grant {
        Grant("grant \(privilege.rawValue) on schema \(schema.quoted) to \(role)", rank: 1)
    }

    enum SchemaPrivilege: String {
        case usage, create
    }

    static func acts(_ acts: [PrivilegeNeed.Act], on table: QualifiedName, to role: String) -> Grant {
        let list = acts.sorted().map(\.rawValue).joined(separator: ", ")
        return Grant("grant \(list) on \(table.quoted) to \(role)", rank: 2)
    }

    /// To read and write the ledger's tables, named as they stand in SQL.
    static func writing(_ tables: String, to role: String) -> Grant {
        Grant("grant select, insert, update, delete on \(tables) to \(role)", rank: 2)
    }

    /// To read the ledger's audit and add to it; nobody is given leave to change it.
    static func adding(_ tables: String, to role: String) -> Grant {
        Grant("grant select, insert on \(tables) to \(role)", rank: 2)
    }

    static func update(_ column: Identifier, of table: QualifiedName, to role: String) -> Grant {
        Grant("grant update (\(column.quoted)) on \(table.quoted) to \(role)", rank: 3)
    }

    /// To do what only the owner of a table may.
    static func ownership(_ owner: String, of table: QualifiedName, to role: String) -> Grant {
        Grant("grant \(owner) to \(role)", "who owns \(table): only its owner may alter it", rank: 4)
    }

    /// A table of a superuser's becomes the role's own: to be counted in with its owner would mean to be a superuser.
    static func givingAway(_ table: QualifiedName, to role: String) -> Grant {
        Grant(
            "alter table \(table.quoted) owner to \(role)", "only its owner may alter it, and now that is a superuser",
            rank: 4)
    }
}

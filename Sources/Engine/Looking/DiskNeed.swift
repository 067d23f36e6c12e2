import Postgres

/// The disk that a run needs on the server: what it is made of, and what the server holds already.
public struct DiskNeed: Sendable {
    /// One thing that takes room.
    public struct Item: Sendable, Equatable {
        /// What it is.
        public let what: String
        /// About how many bytes.
        public let bytes: Int64
    }

    /// What the stages that a run does would add; WAL is apart.
    public internal(set) var items: [Item] = []
    /// About how many bytes of WAL they write: as much as they add. It is kept until the next checkpoint, and for as long
    /// as an archive, a standby or a slot needs it.
    public var wal: Int64 { items.reduce(0) { $0 + $1.bytes } }
    /// What is not in it because nothing is known.
    public internal(set) var unknown: [String] = []
    /// The tablespace that new tables go to.
    public internal(set) var tablespace = ""
    /// Bytes in it now; nil where the role may not know.
    public internal(set) var held: Int64?
    /// Bytes of the database now.
    public internal(set) var database: Int64 = 0

    /// Asks where new tables go, and how much is there.
    init(_ transaction: borrowing Transaction) throws(PostgresError) {
        let row = try transaction.row(
            """
            select t.spcname, pg_database_size(d.oid),
                   case when t.oid = d.dattablespace or has_tablespace_privilege(t.oid, 'create')
                             or pg_has_role('pg_read_all_stats', 'usage') then pg_tablespace_size(t.oid) end
              from pg_database d join pg_tablespace t on t.oid = coalesce(
                       (select oid from pg_tablespace where spcname = current_setting('default_tablespace')),
                       d.dattablespace)
             where d.datname = current_database()
            """)
        tablespace = row.text(0) ?? ""
        database = row.int(1) ?? 0
        held = row.int(2)
    }

    mutating func add(_ what: String, _ bytes: Double) {
        if bytes >= 1 { items.append(Item(what: what, bytes: Int64(bytes))) }
    }
}

import Pipelines
import Postgres

/// A table that a stream fills, as the catalogue has it now.
struct StreamTarget {
    let name: QualifiedName
    /// 0 where it is not there.
    let oid: Int64
    /// The columns that hold the source's key.
    let parent: [Identifier]
    /// Which rows of the table are the stream's; nil where all are.
    let rows: String?
    /// The columns that are written, in their order; the first is the id.
    let columns: [Identifier]
    /// Those of them that name rows of the stream's other target, which may come later than the row that names them.
    let links: [Identifier]

    /// The condition that picks the stream's own rows.
    var isOurs: SQL { rows.map { "(\(unsafe: $0))" } ?? "true" }

    /// The columns of the parent as a key to pick ranges by, which are in the source's order, whatever the target's is.
    func parentKey(of source: KeyedTable, _ transaction: borrowing Transaction) throws(PostgresError) -> [KeyColumn] {
        let facts = try TableFacts(name, transaction)
        return zip(parent, source.key).map { name, key in
            let isSame = facts?.columns[name]?.collation == key.collation
            return KeyColumn(
                name: name, type: isSame ? key.type : key.ordering, typeOID: key.typeOID, collation: key.collation)
        }
    }
}

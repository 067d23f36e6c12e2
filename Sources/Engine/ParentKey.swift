import Postgres

/// The target's columns that hold the source's key, as a key to pick ranges by.
enum ParentKey {
    /// Ranges are in the source's order, whatever the target's is.
    static func columns(_ tables: StreamTables, _ transaction: borrowing Transaction) throws -> [KeyColumn] {
        let target = try TableFacts(tables.target, transaction)
        return zip(tables.parent, tables.source.key).map { name, key in
            let isSame = target?.columns[name]?.collation == key.collation
            return KeyColumn(
                name: name, type: isSame ? key.type : key.ordering, typeOID: key.typeOID, collation: key.collation)
        }
    }
}

import Pipelines
import Postgres

/// A column that a transform writes, and the type in which it gives the values.
struct TransformColumn {
    let name: Identifier
    let element: ArrayElement

    /// The columns of each target in the order in which they are written. The types of those that hold what the source has
    /// are the source's.
    static func all(
        of stream: Pipelines.Stream, _ tables: StreamTables, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> [[TransformColumn]] {
        let source = try TableFacts(tables.source.name, transaction)
        return zip(tables.targets, stream.ownColumns).map { target, own in
            zip(target.columns, own).map { name, own in
                let key = zip(target.parent, tables.source.key).first { $0.0 == name }?.1.typeOID
                let carried = tables.carry.contains(name) ? source?.columns[name]?.typeOID : nil
                return TransformColumn(
                    name: name, element: (key ?? carried).flatMap { ArrayElement($0) } ?? element(own))
            }
        }
    }

    /// What a column holds that the transform itself makes.
    private static func element(_ name: String) -> ArrayElement {
        switch name {
        case "id", "section_id", "image_id": .uuid
        case "order_index", "width", "height": .integer
        case "image", "attributes": .jsonb
        default: .text
        }
    }
}

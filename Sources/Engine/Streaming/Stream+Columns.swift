import Pipelines
import Postgres
import Transforms

extension Pipelines.Stream {
    /// The columns among a transform's that hold keys; the pipeline says what the target calls them.
    private static let chapter = "chapter_id"
    private static let section = "section_id"

    /// The columns of each target that the transform writes, by the names that it gives them.
    var ownColumns: [[String]] {
        switch transform {
        case .memoirSections: [MemoirSections.targetColumns]
        case .memoirImages: [MemoirImages.targetColumns]
        case .memoir: [Memoir.sectionColumns, Memoir.pictureColumns]
        }
    }

    /// The same by the names that the targets have for them.
    var targetColumns: [[Identifier]] {
        zip(ownColumns, targets).map { columns, target in
            columns.compactMap { name in
                switch name {
                case Self.chapter where source.carry.isEmpty: target.parent[0]
                case Self.chapter: source.carry[0]
                case Self.section where !source.carry.isEmpty: target.parent[0]
                default: Identifier(name)
                }
            }
        }
    }

    /// The columns of each target that name rows of another.
    var links: [[Identifier]] {
        switch transform {
        case .memoirSections, .memoirImages: [[]]
        case .memoir: [[Identifier("image_id" as StaticString)], []]
        }
    }
}

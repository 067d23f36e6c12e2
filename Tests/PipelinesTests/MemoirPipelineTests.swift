import Foundation
import Pipelines
import Postgres
import Testing

/// The project's own directory.
private let project: URL = {
    var root = URL(filePath: #filePath)
    for _ in 1...3 { root.deleteLastPathComponent() }
    return root
}()

/// What stands in the project's own directories.
func projectFile(_ path: String) throws -> Data {
    try Data(contentsOf: project.appending(path: path))
}

private let id = Identifier("id" as StaticString)

@Suite("The project's own pipelines")
struct MemoirPipelineTests {
    private func load(_ name: String) throws -> Pipeline {
        try PipelineCatalog(project: project.path).load(name)
    }

    private func stream(_ name: String, of pipeline: Pipeline) throws -> Pipelines.Stream {
        let stage = try #require(pipeline.stages.first { $0.name == name })
        guard case .stream(let stream) = stage.work else { throw Unexpected(stage: stage) }
        return stream
    }

    private func constraints(of pipeline: Pipeline) throws -> [Constraint] {
        let stage = try #require(pipeline.stages.first { $0.name == "constraints" })
        guard case .constraints(let constraints) = stage.work else { throw Unexpected(stage: stage) }
        return constraints
    }

    private func retirement(of pipeline: Pipeline) throws -> Retirement {
        let stage = try #require(pipeline.stages.last)
        guard case .retire(let retirement) = stage.work else { throw Unexpected(stage: stage) }
        return retirement
    }

    private struct Unexpected: Error {
        let stage: Stage
    }

    @Test("are these, with these stages, each after those it needs")
    func stages() throws {
        #expect(
            try PipelineCatalog(project: project.path).names() == [
                "chapter-sections", "memoir", "memoir-images", "section-image-id",
            ])
        let expected = [
            ("chapter-sections", [], "preflight tables sections constraints verify [drop-old-columns!]"),
            ("memoir-images", ["chapter-sections"], "preflight tables covers images constraints verify"),
            (
                "section-image-id", ["memoir-images"],
                "preflight column backfill constraints verify [drop-section-image!]"
            ),
            (
                "memoir", [],
                "preflight tables sections covers constraints verify [drop-old-columns!] [pictures] [verify-pictures] "
                    + "[drop-section-image!]"
            ),
        ]
        for (name, needs, stages) in expected {
            let pipeline = try load(name)
            #expect(pipeline.needs == needs)
            #expect(pipeline.schema == Identifier("public"))
            let shown = pipeline.stages.map { stage in
                let name = stage.name + (stage.isDestructive ? "!" : "")
                return stage.isOptional ? "[\(name)]" : name
            }
            #expect(shown.joined(separator: " ") == stages)
        }
    }

    @Test("chapter-sections makes sections and covers of chapters, and drops what both were made of")
    func chapterSections() throws {
        let pipeline = try load("chapter-sections")
        let stream = try stream("sections", of: pipeline)
        #expect(stream.source.table == Identifier("chapters"))
        #expect(stream.source.key == [id])
        #expect(stream.source.columns == [Identifier("content"), Identifier("images")])
        #expect(stream.transform == .memoirSections)
        #expect(stream.targets.map(\.table) == [Identifier("chapter_sections")])
        #expect(stream.targets.map(\.parent) == [[Identifier("chapter_id" as StaticString)]])
        #expect(stream.writeBack == Identifier("cover_image"))
        let constraints = try constraints(of: pipeline)
        #expect(constraints.map(\.table.name) == Array(repeating: "chapter_sections", count: 3))
        #expect(
            constraints.map(\.definition) == [
                .primaryKey([id]),
                .unique([Identifier("chapter_id"), Identifier("order_index")]),
                .foreignKey(
                    columns: [Identifier("chapter_id")], references: Identifier("chapters"),
                    referencedColumns: [id], onDelete: .cascade),
            ])
        #expect(try retirement(of: pipeline).columns == [Identifier("content"), Identifier("images")])
    }

    @Test("memoir-images makes covers and pictures of sections rows of one table, which knows them apart")
    func memoirImages() throws {
        let pipeline = try load("memoir-images")
        let covers = try stream("covers", of: pipeline)
        let images = try stream("images", of: pipeline)
        #expect(covers.source.table == Identifier("chapters"))
        #expect(covers.source.columns == [Identifier("cover_image")])
        #expect(covers.source.carry.isEmpty)
        #expect(covers.targets.map(\.parent) == [[Identifier("chapter_id" as StaticString)]])
        #expect(covers.targets.map(\.rows) == ["section_id is null"])
        #expect(images.source.table == Identifier("chapter_sections"))
        #expect(images.source.columns == [Identifier("image")])
        #expect(images.source.carry == [Identifier("chapter_id")])
        #expect(images.targets.map(\.parent) == [[Identifier("section_id" as StaticString)]])
        #expect(images.targets.map(\.rows) == ["section_id is not null"])
        #expect([covers, images].allSatisfy { $0.transform == .memoirImages && $0.source.maybeMissing })
        #expect(
            [covers, images].allSatisfy { $0.targets[0].table == Identifier("memoir_images") && $0.writeBack == nil })
        let (chapter, section) = (Identifier("chapter_id" as StaticString), Identifier("section_id" as StaticString))
        let expected: [Constraint.Definition] = [
            .primaryKey([id]), .index(columns: [chapter], isUnique: false, predicate: nil),
            .index(columns: [chapter], isUnique: true, predicate: "section_id is null"),
            .index(columns: [section], isUnique: true, predicate: "section_id is not null"),
            .foreignKey(
                columns: [chapter], references: Identifier("chapters"), referencedColumns: [id], onDelete: .cascade),
            .foreignKey(
                columns: [section], references: Identifier("chapter_sections"), referencedColumns: [id],
                onDelete: .cascade),
        ]
        #expect(try constraints(of: pipeline).map(\.definition) == expected)
    }

    @Test("section-image-id drops a picture's JSON on the strength of both proofs: it was moved, and it is referred to")
    func sectionImageID() throws {
        let pipeline = try load("section-image-id")
        let images = try stream("images", of: load("memoir-images"))
        guard case .batch(let batch) = pipeline.stages[2].work,
            case .verify(let verification) = pipeline.stages[4].work
        else {
            Issue.record("stages of other kinds: \(pipeline.stages)")
            return
        }
        #expect(batch.table == Identifier("chapter_sections"))
        #expect(batch.key == [id])
        #expect(batch.statement.name == "sql/fill_section_image_id.sql")
        #expect(batch.undo?.name == "sql/clear_section_image_id.sql")
        #expect(verification.proofs.map(\.pipeline) == ["memoir-images", nil])
        #expect(verification.proofs.map(\.stage) == ["images", "backfill"])
        #expect(verification.proofs[0].subject == .stream(images))
        #expect(
            try constraints(of: pipeline).map(\.definition) == [
                .index(columns: [Identifier("image_id")], isUnique: false, predicate: nil),
                .foreignKey(
                    columns: [Identifier("image_id")], references: Identifier("memoir_images"),
                    referencedColumns: [id], onDelete: .setNull),
            ])
        let retirement = try retirement(of: pipeline)
        #expect(retirement.table == Identifier("chapter_sections"))
        #expect(retirement.columns == [Identifier("image")])
    }

    @Test("memoir builds what the other three build, reads what chapter-sections reads, and is instead of them")
    func onePass() throws {
        let pipeline = try load("memoir")
        let others = ["chapter-sections", "memoir-images", "section-image-id"]
        let theirs = try others.flatMap { try constraints(of: load($0)) }
        let mine = try constraints(of: pipeline)
        #expect(mine.count == theirs.count && theirs.allSatisfy(mine.contains))
        let sections = try stream("sections", of: pipeline)
        #expect(try sections.source == stream("sections", of: load("chapter-sections")).source)
        #expect(sections.targets.map(\.table.name) == ["chapter_sections", "memoir_images"])
        #expect(sections.targets.map(\.rows) == [nil, "section_id is not null"])
        #expect(try stream("covers", of: pipeline) == stream("covers", of: load("memoir-images")))
        #expect(try stream("pictures", of: pipeline) == stream("images", of: load("memoir-images")))
        #expect(pipeline.rivals == others)
        for other in others { #expect(try load(other).rivals == ["memoir"]) }
    }
}

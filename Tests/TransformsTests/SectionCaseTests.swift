import Foundation
import Testing

@testable import Transforms

/// One line of the case file.
struct SectionCase: CustomTestStringConvertible {
    let name: String
    let chapter: Chapter
    let expected: PlainJSON
    let variant: String

    var testDescription: String { "\(name) (\(variant))" }

    /// Every case, for each column type in which the same value can stand.
    static func all() throws -> [SectionCase] {
        let folder = try #require(Bundle.module.url(forResource: "Cases", withExtension: nil))
        let file = try Data(contentsOf: folder.appending(path: "sections.jsonl"))
        return try file.split(separator: UInt8(ascii: "\n")).flatMap { try cases(PlainJSON($0)) }
    }

    private static func cases(_ line: PlainJSON) throws -> [SectionCase] {
        let name = try #require(line["case"]?.text)
        let expected = try #require(line["expect"])
        let content = line["content"]?.text
        let images = line["images"]?.text
        var cases: [SectionCase] = []
        for contentType in types(line["content_type"]?.text, content, whenText: ["[", "{"]) {
            for imagesType in types(line["images_type"]?.text, images, whenText: ["[", "{", "n", "\"", "7"]) {
                cases.append(
                    SectionCase(
                        name: name, chapter: Chapter(content, contentType, images: images, imagesType),
                        expected: expected, variant: "content \(contentType), images \(imagesType)"))
            }
        }
        return cases
    }

    /// The types of a column in which a value means the same.
    private static func types(_ named: String?, _ value: String?, whenText: [String]) -> [DocumentType] {
        guard named != "text" else { return [.text] }
        let isSameAsText = value.map { value in whenText.contains(where: value.hasPrefix) } ?? true
        return isSameAsText ? [.json, .jsonb, .text] : [.json, .jsonb]
    }
}

@Suite("The cases of the memoir contract")
struct SectionCaseTests {
    @Test("a chapter becomes what its case says", arguments: try SectionCase.all())
    func matches(_ sample: SectionCase) throws {
        do {
            let result = try sample.chapter.transform()
            let expected = try #require(sample.expected["sections"]?.elements, "must be rejected")
            #expect(result.sections.map(Self.essence) == expected.map(\.withSpeltNumbers))
            #expect(result.sections.map(\.order) == Array(0..<result.sections.count))
            #expect(result.sections.allSatisfy { $0.chapter == sample.chapter.key })
            #expect(Set(result.sections.map(\.id)).count == result.sections.count)
            let cover = try result.outcome.cover.map { try PlainJSON($0) } ?? .null
            #expect(cover == sample.expected["cover"]?.withSpeltNumbers)
            let unmapped = result.outcome.unmapped.map(PlainJSON.string)
            #expect(Set(unmapped) == Set(sample.expected["unmapped"]?.elements ?? []))
        } catch let error as Reject {
            #expect(error.code.rawValue == sample.expected["reject"]?.text, "\(error.message)")
            #expect(error.message.hasPrefix(error.place))
        }
    }

    @Test("the case file is there, and no case got lost on the way")
    func isComplete() throws {
        #expect(Set(try SectionCase.all().map(\.name)).count == 124)
    }

    /// A row as the case file writes it.
    private static func essence(_ section: Chapter.Section) -> PlainJSON {
        .object([
            Array("title".utf8): section.title.map(PlainJSON.string) ?? .null,
            Array("content".utf8): .string(section.content),
            Array("image".utf8): section.image ?? .null,
            Array("attributes".utf8): section.attributes,
        ])
    }
}

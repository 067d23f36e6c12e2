import Foundation
import Testing

@testable import Transforms

/// One line of the case file.
struct PictureCase: CustomTestStringConvertible {
    let name: String
    let sample: PictureSample
    let expected: PlainJSON

    var testDescription: String { "\(name) (\(sample.subject), \(sample.type))" }

    /// Every case, for both subjects and for each column type in which the same value can stand.
    static func all() throws -> [PictureCase] {
        let folder = try #require(Bundle.module.url(forResource: "Cases", withExtension: nil))
        let file = try Data(contentsOf: folder.appending(path: "pictures.jsonl"))
        return try file.split(separator: UInt8(ascii: "\n")).flatMap { try cases(PlainJSON($0)) }
    }

    private static func cases(_ line: PlainJSON) throws -> [PictureCase] {
        let name = try #require(line["case"]?.text)
        let expected = try #require(line["expect"])
        let picture = line["picture"]?.text
        return types(line["type"]?.text).flatMap { type in
            [MemoirImages.Subject.cover, .section].map { subject in
                PictureCase(name: name, sample: PictureSample(picture, type, of: subject), expected: expected)
            }
        }
    }

    /// What is JSON means the same in every column, but not all of it can stand in a `jsonb`.
    private static func types(_ named: String?) -> [DocumentType] {
        switch named {
        case "text": [.text]
        case "json": [.json, .text]
        default: [.json, .jsonb, .text]
        }
    }
}

@Suite("The cases of pictures")
struct PictureCaseTests {
    @Test("a picture becomes what its case says", arguments: try PictureCase.all())
    func matches(_ picture: PictureCase) throws {
        do {
            let row = try picture.sample.transform()
            let expected = try #require(picture.expected["row"], "must be rejected")
            #expect(row.map { Self.essence($0.facts) } ?? .null == expected.withSpeltNumbers)
        } catch let error as Reject {
            #expect(error.code.rawValue == picture.expected["reject"]?.text, "\(error.message)")
            #expect(error.message.hasPrefix(error.place))
        }
    }

    @Test("the case file is there, and no case got lost on the way")
    func isComplete() throws {
        #expect(Set(try PictureCase.all().map(\.name)).count == 81)
    }

    /// A row as the case file writes it.
    private static func essence(_ facts: PictureSample.Facts) -> PlainJSON {
        .object([
            Array("url".utf8): facts.url.map(PlainJSON.string) ?? .null,
            Array("caption".utf8): facts.caption.map(PlainJSON.string) ?? .null,
            Array("width".utf8): facts.width.map { .number("\($0)") } ?? .null,
            Array("height".utf8): facts.height.map { .number("\($0)") } ?? .null,
            Array("attributes".utf8): facts.attributes,
        ])
    }
}

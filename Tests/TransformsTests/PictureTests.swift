import Support
import Testing

@testable import Transforms

@Suite("Pictures of blocks")
struct PictureTests {
    private func images(_ content: String, _ images: String? = nil) throws -> [PlainJSON?] {
        try Chapter(content, images: images).transform().sections.map(\.image)
    }

    @Test(
        "a picture named twice in one block counts once, however it is spelt",
        arguments: [
            #"[{"images":[{"url":"u","n":1},{"n":1.0,"url":"u"}]}]"#,
            #"[{"image":"u","images":[{"url":"\u0075"}]}]"#,
            #"[{"image":{"url":"u"},"images":["u"]}]"#, #"[{"images":["u","\u0075","u"]}]"#,
        ])
    func namedTwice(content: String) throws {
        #expect(try images(content).count == 1)
    }

    @Test("the same picture in two blocks stands in both")
    func inTwoBlocks() throws {
        #expect(try images(#"[{"image":{"url":"u","n":1}},{"image":{"url":"u","n":1}}]"#).count == 2)
    }

    @Test("of several elements with the same name the first is meant, by url and by marker")
    func firstOfEqualNames() throws {
        let column = #"[null,{"src":"u","n":1},{"url":"u","n":2},"u"]"#
        #expect(try images(#"[{"image":"u"}]"#, column).first == PlainJSON(#"{"src":"u","n":1}"#.utf8))
        let named = #"[{"key":"k","n":1},{"id":"k","n":2},{"placeholder":"k","n":3}]"#
        #expect(try images(#""{{image:k}}""#, named).first == PlainJSON(#"{"key":"k","n":1}"#.utf8))
    }

    @Test("an empty object has all of its keys in any element, and takes the first that is left")
    func emptyObject() throws {
        let found = try images(
            #"[{"image":"b"},{"image":{}},{"image":{}},{"image":{}}]"#, #"["a","b",{"c":1}]"#)
        let expected = [#"{"url":"b"}"#, #"{"url": "a"}"#, #"{"c":1}"#, "{}"]
        #expect(found == (try expected.map { try PlainJSON($0.utf8) }))
    }

    @Test("a cover is the first element that is not null, whatever the sections name")
    func cover() throws {
        let result = try Chapter(#"[{"image":"b"}]"#, images: #"[null,"a","b"]"#).transform()
        #expect(result.outcome.cover == Array(#"{"url": "a"}"#.utf8))
    }

    @Test("what a rejected chapter left half done does not show in the next one")
    func afterReject() throws {
        var transform = MemoirSections(content: .json, images: .json)
        let bad = Chapter(#"[{"title":"old","text":"old","k":"\u0000"}]"#)
        #expect(throws: Reject.self) { try bad.transform(with: &transform) }
        let section = try #require(try Chapter(#"["new"]"#).transform(with: &transform).sections.first)
        #expect(section.title == nil)
        #expect(section.content == Array("new".utf8))
    }

    @Test("thousands of pictures and names take no more than seconds")
    func manyPictures() throws {
        let urls = (0..<20_000).map { "\"u\($0)\"" }.joined(separator: ",")
        let twice = try timed { try images("[{\"images\":[\(urls)]}]", "[\(urls)]").count }
        let once = try timed { try images("[{\"images\":[\(urls)]}]").count }
        #expect(twice.value == 20_000 && once.value == 20_000)
        #expect(twice.processorTime + once.processorTime < .seconds(60))
    }
}

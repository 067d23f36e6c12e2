import Testing

@testable import Transforms

@Suite("What cannot be stored, and what is said about it")
struct RefusalTests {
    private func reject(_ chapter: Chapter) -> Reject? {
        do throws(Reject) {
            _ = try chapter.transform()
            return nil
        } catch {
            return error
        }
    }

    @Test(
        "a message says where and what, in one line",
        arguments: [
            (
                Chapter(#"[null,{},"a",{"image_index":7}]"#, images: #"["a","b","c","d"]"#),
                "content[3].image_index: 7, images has 4"
            ),
            (
                Chapter(#"{"blocks":[{"images":["x",null]}]}"#),
                "content.blocks[0].images[1]: neither a string with text, an object nor an integer"
            ),
            (Chapter(#"{"title":1}"#), "content.title: not a string"),
            (Chapter(#"["a",[]]"#), "content[1]: neither a string, an object nor null"),
            (Chapter("  [{\"a\":}", .text), "content: not JSON at byte 8: a value was expected"),
            (Chapter("\u{FEFF} {\"a\"", .text), "content: not JSON at byte 8: a colon was expected"),
            (
                Chapter(nil, images: " [1,", .text),
                "images: not JSON at byte 4: a value is missing at the end"
            ),
            (
                Chapter("x\r\n\r\n{{image:\u{202E}9}}", .text),
                "content line 3: {{image:\\u{202e}9}}, images has 0"
            ),
            (
                Chapter(nil, images: "[\"a\",\"\"]"),
                "images[1]: neither a string with text, an object nor null"
            ),
            (Chapter(#"[{"image":1e99}]"#), "content[0].image: 1e99, images has 0"),
            (
                Chapter(#"["a\u0000"]"#),
                "content[0]: holds a NUL, half a surrogate pair or invalid UTF-8, which cannot be stored"
            ),
            (Chapter(nil, images: #"[{"n":[1e131072]}]"#), "images[0]: holds a number that jsonb refuses"),
        ])
    func messages(chapter: Chapter, message: String) {
        #expect(reject(chapter)?.message == message)
    }

    @Test("a long key in a message is cut off")
    func longExcerpt() throws {
        let error = try #require(
            reject(Chapter("{{image:" + String(repeating: "长", count: 500) + "}}", .text)))
        #expect(error.code == .missingImage)
        #expect(error.message.count < 120)
    }

    @Test(
        "bad text is refused wherever it would be written",
        arguments: [
            #"[{"title":"\ud800"}]"#, #"[{"heading":"h","title":"t","text":"\u0000"}]"#,
            #"[{"text":"x","k":"\u0000"}]"#,
            #"[{"text":"x","\udc00":1}]"#, #"[{"text":"x","k":[{"\u0000":1}]}]"#,
            #"[{"text":"x","body":"\ud800"}]"#,
            #"[{"image":"\u0000"}]"#, #"[{"image":{"url":"\ud800"}}]"#, #"[{"type":"image","url":"\ud800"}]"#,
            #""a \ud800 b""#, ##""# \u0000""##, #""![\ud800](u)""#, #""![a](\u0000)""#,
        ])
    func badText(content: String) {
        #expect(reject(Chapter(content))?.code == .badText)
    }

    @Test(
        "bad text and refused numbers do no harm where nothing is written",
        arguments: [
            #"{"sections":["t"],"v":"\u0000","\ud800":1e999999}"#, #"{"sections":["t"],"n":1e131072}"#,
            #"[{"text":"\u0000","text":"t"}]"#, #"[null,"t"]"#,
        ])
    func harmless(content: String) throws {
        #expect(try Chapter(content).transform().sections.map(\.content) == [Array("t".utf8)])
    }

    @Test("what a later duplicate replaces is left out where it could not be stored")
    func losingDuplicates() throws {
        let chapter = Chapter(
            #"[{"k":"\u0000","text":"t","k":{"a":1e131072,"b":1.10,"a":[2.0]}}]"#,
            images: #"[{"url":"\ud800","url":"u","n":{"x":"\u0000","x":1}}]"#)
        let sections = try chapter.transform().sections
        #expect(sections[0].attributes == (try PlainJSON(#"{"k":{"b":1.10,"a":[2.0]}}"#.utf8)))
        #expect(sections[1].image == (try PlainJSON(#"{"url":"u","n":{"x":1}}"#.utf8)))
    }

    @Test("what Markdown passes over may hold anything: a title, and the alt of a picture in images")
    func passedOver() throws {
        let chapter = Chapter(#""![\ud800](u \"\u0000\")""#, images: #"["u"]"#)
        #expect(try chapter.transform().sections.map(\.image) == [try PlainJSON(#"{"url":"u"}"#.utf8)])
    }

    @Test("bytes that are no UTF-8 are refused in text columns")
    func invalidUTF8() {
        var chapter = Chapter("abc", .text)
        chapter.content = [0x61, 0xFF]
        #expect(reject(chapter)?.code == .badText)
        var pictures = Chapter(nil, images: "", .text)
        pictures.images = [0x61, 0xC3]
        #expect(reject(pictures)?.code == .badText)
    }

    @Test(
        "512 levels are read and 513 are not, in content and images", arguments: [DocumentType.json, .text])
    func depth(type: DocumentType) throws {
        func nested(_ levels: Int) -> String {
            let inner = String(repeating: "[", count: levels - 2) + String(repeating: "]", count: levels - 2)
            return "[{\"url\":\"u\",\"k\":\(inner)}]"
        }
        #expect(try Chapter(nested(512), type).transform().sections.count == 1)
        #expect(reject(Chapter(nested(513), type))?.code == .tooDeep)
        #expect(try Chapter(nil, images: nested(512), type).transform().sections.count == 1)
        #expect(reject(Chapter(nil, images: nested(513), type))?.code == .tooDeep)
        let deep = String(repeating: "[", count: 100_000) + String(repeating: "]", count: 100_000)
        #expect(reject(Chapter(deep, type))?.code == .tooDeep)
    }

    @Test("an unmapped key is named once, and by its spelling where it cannot be stored")
    func unmappedNames() throws {
        let chapter = Chapter(#"{"a":1,"sections":[],"\u0061":2,"n":1,"n":null,"x\u0000":1,"é":true}"#)
        #expect(try chapter.transform().outcome.unmapped == ["a", "x\\u0000", "é"].map { Array($0.utf8) })
    }

    @Test("the last of duplicate lists holds the blocks")
    func duplicateLists() throws {
        let result = try Chapter(#"{"sections":["a"],"sections":["b"]}"#).transform()
        #expect(result.sections.map(\.content) == [Array("b".utf8)])
        #expect(result.outcome.unmapped.isEmpty)
    }
}

import Support
import Testing

@testable import Transforms

@Suite("Pictures become rows of memoir_images")
struct MemoirImagesTests {
    @Test(
        "an id is uuid5 of what the picture is of, a slash and the key as printed",
        arguments: [
            (MemoirImages.Subject.cover, "42", "bf81d87b-2b13-500b-89ae-6aa8effcbbf4"),
            (.cover, "0b6f2f6e-3a0e-4a53-9d8e-0f5a4d1c2b3a", "dd8da3a7-df77-51c6-b6bb-5818b6d2b986"),
            (.cover, "老屋", "49ac889b-e1f4-543f-8856-b376bf281f38"),
            (.section, "044e2f08-0db2-5f7f-bd79-6812091e8434", "18dd7f07-b674-5aba-a04c-070a9c1e99fe"),
        ])
    func ids(subject: MemoirImages.Subject, key: String, id: String) throws {
        var sample = PictureSample("{}", of: subject)
        sample.key = Array(key.utf8)
        let row = try #require(try sample.transform())
        #expect(row.id.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() == id.filter { $0 != "-" })
    }

    @Test("a cover belongs to the chapter that its key names, and to no section", arguments: [[9, 8], nil])
    func coverKeys(carried: [UInt8]?) throws {
        var sample = PictureSample("{}", of: .cover)
        sample.chapter = carried
        let row = try #require(try sample.transform())
        #expect(row.chapter == sample.keyBinary)
        #expect(row.section == nil)
    }

    @Test("a section's picture belongs to the section that its key names, and to the chapter carried with it")
    func sectionKeys() throws {
        let sample = PictureSample("{}", of: .section)
        let row = try #require(try sample.transform())
        #expect(row.section == sample.keyBinary)
        #expect(row.chapter == sample.chapter)
    }

    @Test("a section without a chapter gives a row that the server will refuse, not one with another chapter")
    func withoutChapter() throws {
        var sample = PictureSample("{}", of: .section)
        sample.chapter = nil
        let row = try #require(try sample.transform())
        #expect(row.chapter == nil)
        #expect(row.section == sample.keyBinary)
    }

    @Test("what one picture leaves behind does not show in the next, be it written, empty or rejected")
    func rowAfterRow() throws {
        var images = PictureSample(nil, .text).images
        let pictures = [
            #"{"url":"a","alt":"long caption","width":1,"height":2,"k":[1,2,3]}"#, "{}", "plain", #"{"k":"\u0000"}"#,
            nil, "{", #"{"x":1}"#, #""u""#, "7", #"{"url":"b"}"#,
        ]
        for picture in pictures + pictures.reversed() {
            let sample = PictureSample(picture, .text)
            do throws(Reject) {
                let alone = try sample.transform()
                #expect(try sample.transform(with: &images) == alone)
            } catch {
                #expect(throws: error) { try sample.transform(with: &images) }
            }
        }
    }

    @Test("the columns are named in the order in which they are written")
    func columns() {
        let columns = ["id", "chapter_id", "section_id", "url", "caption", "width", "height", "attributes"]
        #expect(MemoirImages.targetColumns == columns)
    }

    @Test(
        "a message says where and what, in one line",
        arguments: [
            (PictureSample("[1]"), "cover_image: neither an object nor a string with text"),
            (PictureSample(#""""#, of: .section), "image: neither an object nor a string with text"),
            (PictureSample(" {\"a\":}", .text), "cover_image: not JSON at byte 6: a value was expected"),
            (PictureSample("\u{FEFF} [x", .text), "cover_image: not JSON at byte 5: a value was expected"),
            (PictureSample("nothing", .json), "cover_image: not JSON at byte 0: a value was expected"),
            (
                PictureSample(#"{"src":"\u0000"}"#, of: .section),
                "image.src: holds a NUL, half a surrogate pair or invalid UTF-8, which cannot be stored"
            ),
            (
                PictureSample(#"{"description":"\ud800"}"#),
                "cover_image.description: holds a NUL, half a surrogate pair or invalid UTF-8, which cannot be stored"
            ),
            (PictureSample(#"{"height":1e131072}"#), "cover_image: holds a number that jsonb refuses"),
        ])
    func messages(sample: PictureSample, message: String) {
        #expect(sample.reject()?.message == message)
    }

    @Test(
        "bytes that are no UTF-8 are refused wherever they would be written",
        arguments: [
            ("http://", ""), ("\"a", "\""), ("{\"url\":\"", "\"}"), ("{\"alt\":\"", "\"}"), ("{\"k\":[\"", "\"]}"),
            ("{\"", "\":1}"),
        ])
    func invalidUTF8(before: String, after: String) {
        var sample = PictureSample(nil, .text)
        sample.picture = Array(before.utf8) + [0xFF] + Array(after.utf8)
        #expect(sample.reject()?.code == .badText)
    }

    @Test("512 levels are read and 513 are not", arguments: [DocumentType.json, .jsonb, .text])
    func depth(type: DocumentType) throws {
        func nested(_ levels: Int) -> String {
            let inner = String(repeating: "[", count: levels - 1) + String(repeating: "]", count: levels - 1)
            return "{\"url\":\"u\",\"k\":\(inner)}"
        }
        let row = try #require(try PictureSample(nested(512), type).transform())
        #expect(row.facts.url == Array("u".utf8))
        #expect(PictureSample(nested(513), type).reject()?.code == .tooDeep)
        #expect(PictureSample(nested(100_000), type).reject()?.code == .tooDeep)
    }

    @Test("a picture of very many keys takes no more than seconds")
    func manyKeys() throws {
        let keys = (0..<20_000).map { "\"k\($0)\":\($0)" }.joined(separator: ",")
        // With a string that is thrown away, so that the duplicates are looked for.
        let picture = #"{"url":"\u0000","url":"u",\#(keys)}"#
        let transformed = try timed { try PictureSample(picture).transform() }
        let row = try #require(transformed.value)
        guard case .object(let attributes) = row.facts.attributes else { throw PlainJSON.Malformed() }
        #expect(attributes.count == 20_000)
        #expect(transformed.processorTime < .seconds(60))
    }
}

import Support
import Transforms

/// Random chapters of every shape, made from a seed; each text, url and key in them is unique, so that it can
/// be looked for afterwards without knowing the rules.
struct ChapterGenerator {
    private var numbers: SeededNumbers
    private var serial = 0
    /// Every text that must come out again, in the order of the document.
    private(set) var texts: [String] = []
    /// Every url, wherever it stands; one may stand in several places.
    private(set) var urls: Set<String> = []
    /// Every key with no meaning of its own.
    private(set) var keys: Set<String> = []
    /// What stands in the images column.
    private var imageForms: [String] = []
    private var imageURLs: [String?] = []

    init(seed: UInt64) {
        numbers = SeededNumbers(seed: seed)
    }

    mutating func below(_ bound: Int) -> Int { numbers.below(bound) }

    private mutating func chance(_ percent: Int) -> Bool { numbers.chance(percent) }

    private mutating func fresh(_ prefix: String) -> String {
        serial += 1
        return "\(prefix)\(serial)."
    }

    mutating func chapter() -> Chapter {
        makeImages()
        let images =
            imageForms.count == 1 && imageURLs[0] != nil && chance(30)
            ? imageForms[0] : "[" + imageForms.joined(separator: ",") + "]"
        let isMarkdown = chance(35)
        if isMarkdown {
            let text = markdown()
            return chance(50)
                ? Chapter(text, .text, images: images, .jsonb)
                : Chapter(quoted(text), .json, images: images, .text)
        }
        let type: DocumentType = [.json, .jsonb, .text][below(3)]
        return Chapter(document(), type, images: images, chance(50) ? .json : .text)
    }

    private mutating func makeImages() {
        for _ in 0..<below(5) {
            if chance(15) {
                imageForms.append("null")
                imageURLs.append(nil)
                continue
            }
            let url = fresh("http://i/")
            urls.insert(url)
            imageURLs.append(url)
            let name = ["url", "src", "image_url"][below(3)]
            imageForms.append(
                chance(40) ? "\"\(url)\"" : "{\"\(name)\":\"\(url)\",\"\(key())\":\(below(1000)).50}")
        }
    }

    private mutating func key() -> String {
        let key = fresh("k")
        keys.insert(key)
        return key
    }

    private mutating func text() -> String {
        let text = fresh(["甲乙 ", "plain ", "　　段 ", "e\u{301} "][below(4)])
        texts.append(text)
        return text
    }

    private mutating func url() -> String {
        if chance(40), let known = imageURLs.compactMap({ $0 }).first { return known }
        let url = fresh("http://n/")
        urls.insert(url)
        return url
    }

    private func quoted(_ text: String) -> String {
        let escaped = text.map { character in
            switch character {
            case "\"": "\\\""
            case "\n": "\\n"
            case "\r\n": "\\r\\n"
            case "段": "\\u6bb5"
            default: String(character)
            }
        }
        return "\"" + escaped.joined() + "\""
    }

    private mutating func document() -> String {
        let blocks = (0..<below(6)).map { _ in block() }
        let array = "[" + blocks.joined(separator: ", ") + "]"
        guard chance(40) else { return array }
        let list = ["sections", "blocks", "paragraphs"][below(3)]
        return chance(50)
            ? "{\"\(list)\":\(array)}" : "{\"\(key())\":1,\"\(list)\": \(array),\"\(key())\":\"v\"}"
    }

    private mutating func block() -> String {
        switch below(10) {
        case 0: return "null"
        case 1: return "\" \\n\""
        case 2, 3: return quoted(text())
        case 4: return "{\"type\":\"image\",\"url\":\"\(url())\",\"\(key())\":[1.0]}"
        default: return objectBlock()
        }
    }

    private mutating func objectBlock() -> String {
        var members: [String] = []
        if chance(50) { members.append("\"\(["title", "heading"][below(2)])\":\(quoted(text()))") }
        if chance(70) { members.append("\"\(["content", "text", "body"][below(3)])\":\(quoted(text()))") }
        if chance(30) { members.append("\"\(key())\":{\"deep\":[null,1e400]}") }
        if chance(30) { members.append("\"image\":\(pictureForm())") }
        let usable = imageURLs.indices.filter { imageURLs[$0] != nil }
        if chance(20), !usable.isEmpty { members.append("\"image_index\":\(usable[below(usable.count)])") }
        if chance(20) { members.append("\"images\":[\(pictureForm()),\(pictureForm())]") }
        return "{" + members.joined(separator: ",") + "}"
    }

    private mutating func pictureForm() -> String {
        chance(50) ? "\"\(url())\"" : "{\"url\":\"\(url())\",\"\(key())\":true}"
    }

    private mutating func markdown() -> String {
        let lineBreak = ["\n", "\r\n"][below(2)]
        return (0..<below(8)).map { _ in markdownLine() }.joined(separator: lineBreak)
    }

    private mutating func markdownLine() -> String {
        let usable = imageURLs.indices.filter { imageURLs[$0] != nil }
        switch below(6) {
        case 0: return String(repeating: "#", count: 1 + below(6)) + " " + text()
        case 1 where !usable.isEmpty: return text() + " {{ Image: \(usable[below(usable.count)]) }} " + text()
        case 2: return text() + "![](\(url()))"
        case 3: return text() + "![](<no url) " + text()
        case 4: return ""
        default: return text()
        }
    }
}

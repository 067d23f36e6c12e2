import Support
import Testing

@testable import Transforms

@Suite("Markdown")
struct MarkdownCutsTests {
    /// The cuts of a text, each written as `title|text|picture`.
    private func cuts(_ text: String) -> [String] {
        Array(text.utf8).lend { bytes in
            func said(_ range: Range<Int>) -> String { String(decoding: bytes.part(range), as: UTF8.self) }
            var cuts = MarkdownCuts(bytes)
            var found: [String] = []
            while let cut = cuts.next() {
                let picture =
                    switch cut.picture {
                    case .marker(_, let key): "{\(said(key))}"
                    case .link(let alt, let url): "\(said(alt))>\(said(url))"
                    case nil: ""
                    }
                found.append("\(cut.title.map(said) ?? "")|\(said(cut.text))|\(picture)")
            }
            return found
        }
    }

    @Test(
        "a picture is one only in its exact form",
        arguments: [
            ("![a](x(y)z)", ["||a>x(y)z"]), ("![a](x((y))z)", ["|![a](x((y))z)|"]),
            ("![a](x(y)", ["|![a](x(y)|"]),
            ("![a](x)y)", ["||a>x", "|y)|"]), ("![a]( x \t\"t\" )b", ["||a>x", "|b|"]),
            ("![a](\"t\")", ["||a>\"t\""]),
            ("![a](x \"t)", ["|![a](x \"t)|"]), ("![a](x \"t\" z)", ["|![a](x \"t\" z)|"]),
            ("![a\n](x)", ["|![a\n](x)|"]),
            ("![a](x\n)", ["|![a](x\n)|"]), ("![a] (x)", ["|![a] (x)|"]), ("![a![b](x)", ["||a![b>x"]),
            ("![a]![b](x)", ["|![a]|b>x"]), ("![{{image:1}}](x)", ["||{{image:1}}>x"]),
            ("![{{image:1}} z", ["|![|{1}", "|z|"]),
            ("{{{image:1}}}", ["|{|{1}", "|}|"]), ("{{image:a{b}}", ["|{{image:a{b}}|"]),
            ("{{image 1}}", ["|{{image 1}}|"]),
            ("{{IMAGE\t:\t a b \t}}", ["||{a b}"]), ("{{image:\n1}}", ["|{{image:\n1}}|"]),
            ("{{images:1}}", ["|{{images:1}}|"]),
            ("{{image:1}", ["|{{image:1}|"]), ("{{image:1}}# x", ["||{1}", "|# x|"]),
        ])
    func pictures(text: String, expected: [String]) {
        #expect(cuts(text) == expected)
    }

    @Test(
        "a line is a heading or a fence only from its very beginning",
        arguments: [
            ("###### a", ["a||"]), ("####### a", ["|####### a|"]), ("# a # b", ["a # b||"]),
            ("a\n# b\nc", ["|a|", "b|c|"]),
            ("    ```\n# b", ["|```|", "b||"]), ("a\n    ```\n# b", ["|a\n    ```|", "b||"]),
            ("``\n# b", ["|``|", "b||"]),
            ("   ~~~\n# b\n~~~\n# c", ["|~~~\n# b\n~~~|", "c||"]), ("a ```\n# b", ["|a ```|", "b||"]),
            ("{{image:1}}```\n# b", ["||{1}", "|```|", "b||"]),
            ("# \u{3000}a\u{3000} ", ["\u{3000}a\u{3000}||"]),
            ("\u{3000}\n\u{0B}b\u{0C}", ["|\u{3000}\n\u{0B}b|"]), ("", []), (" \n\t\n", []),
            ("# \n\n#  ", []),
        ])
    func lines(text: String, expected: [String]) {
        #expect(cuts(text) == expected)
    }

    @Test(
        "no text takes more than linear time",
        arguments: [
            "![", "{{", "{{image:", "![a](", "![a](b", "![a](b \"", "{{image:0}}", "![", "# a\n", "```\n",
            "[]()!",
        ])
    func hostileTexts(piece: String) {
        let many = String(repeating: piece, count: 40_000)
        let parts = timed { cuts(many + "](" + String(repeating: "u", count: 200_000)).count }
        #expect(parts.value <= 40_001)
        #expect(parts.processorTime < .seconds(60))
    }
}

import Pipelines
import Testing

@Suite("The nearest name is suggested")
struct SuggestionTests {
    private let names = ["run", "rejects", "retry", "status", "chapter-sections"]

    @Test(
        "for a letter too many, too few, wrong or swapped, whatever the case",
        arguments: [
            ("runn", "run"), ("rn", "run"), ("ran", "run"), ("urn", "run"), ("RUN", "run"), ("reject", "rejects"),
            ("statsu", "status"), ("chapter_section", "chapter-sections"), ("retyr", "retry"), ("run", "run"),
        ])
    func near(name: String, meant: String) {
        #expect(nearest(to: name, among: names) == meant)
    }

    @Test("but none for a name that is far from all", arguments: ["", "x", "migrate", "stop", "ruuuun", "nur"])
    func far(name: String) {
        #expect(nearest(to: name, among: names) == nil)
    }

    @Test("the nearest wins, and the first of two that are as near")
    func best() {
        #expect(nearest(to: "sections", among: ["selection", "section"]) == "section")
        #expect(nearest(to: "cat", among: ["bat", "hat"]) == "bat")
        #expect(nearest(to: "cat", among: [String]()) == nil)
    }
}

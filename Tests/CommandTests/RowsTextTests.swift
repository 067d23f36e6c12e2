import Postgres
import Testing

@testable import Engine
@testable import etl

@Suite("Rows and what they become, side by side")
struct RowsTextTests {
    private func preview(_ text: String, _ fate: RowPreview.Fate) -> RowPreview {
        RowPreview(
            stage: "sections", source: table("chapters"), targets: [table("chapter_sections")], key: "7",
            documents: [RowPreview.Value(column: "content", excerpt: text, length: Int64(text.unicodeScalars.count))],
            fate: fate, writtenBack: nil)
    }

    private func table(_ name: StaticString) -> QualifiedName {
        QualifiedName(schema: Identifier("public" as StaticString), name: Identifier(name))
    }

    /// Rows of a table.
    private func rows(_ rows: [[RowPreview.Value]], of name: StaticString = "chapter_sections") -> RowPreview.TargetRows
    {
        RowPreview.TargetRows(table: table(name), rows: rows)
    }

    private func value(_ column: String, _ text: String?) -> RowPreview.Value {
        RowPreview.Value(column: column, excerpt: text, length: Int64(text?.unicodeScalars.count ?? 0))
    }

    @Test("what is read stands on the left, what it becomes on the right; NULLs are left out")
    func sides() {
        let fate = RowPreview.Fate.rows([
            rows([[value("order_index", "0"), value("title", nil), value("content", "A")]])
        ])
        #expect(
            RowsText(columns: 43).lines(preview("[\"A\"]", fate)) == [
                "public.chapters 7: 1 row of public.chapter_",
                "content: [\"A\"]       | row 1",
                "                     | order_index: 0",
                "                     | content: A",
            ])
    }

    @Test("rows of two tables are told apart")
    func tables() {
        let fate = RowPreview.Fate.rows([
            rows([[value("content", "A")]]), rows([[value("url", "a.jpg")]], of: "memoir_images"),
        ])
        #expect(
            RowsText(columns: 80).lines(preview("[]", fate)).map { $0.split(separator: "| ").last } == [
                "public.chapters 7: 1 row of public.chapter_sections, 1 row of public.memoir_imag",
                "row 1 of public.chapter_sections", "content: A", "row 1 of public.memoir_images", "url: a.jpg",
            ])
    }

    @Test("no line is wider than the screen, whatever the text is", arguments: [40, 57, 120])
    func width(columns: Int) {
        let long = String(repeating: "童年的河 river 👨‍👩‍👧 e\u{301} ", count: 60)
        let fate = RowPreview.Fate.rows([rows([[value("content", long), value("image", "{\"url\": \"\(long)\"}")]])])
        let lines = RowsText(columns: columns).lines(preview(long, fate))
        #expect(lines.allSatisfy { DisplayWidth.columns(of: $0) <= columns })
        // Both halves are told apart at the same column, also where wide characters stand before it.
        let places = lines.dropFirst().map { line in
            DisplayWidth.columns(of: line.prefix(upTo: line.firstRange(of: " | ")?.lowerBound ?? line.startIndex))
        }
        #expect(Set(places).count == 1)
    }

    @Test("what is cut says how long it is")
    func cut() {
        let text = String(repeating: "x", count: 1500)
        let lines = RowsText(columns: 80).lines(preview(text, .empty))
        #expect(lines.contains { $0.contains("… (1,500 characters)") })
        #expect(lines.contains { $0.hasSuffix(" | (nothing)") })
    }

    @Test("nothing in the data moves the cursor or ends the line")
    func control() {
        let fate = RowPreview.Fate.rejected(code: "bad-section", message: "content: \u{1B}[2Jgone\u{202E}")
        let lines = RowsText(columns: 120).lines(preview("a\nb\u{1B}[31m", fate))
        #expect(!lines.joined().unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x202E })
        #expect(lines[1].hasPrefix("content: a\\nb\\u{1b}[31m"))
    }

    @Test("bytes are told in units of a thousand")
    func bytes() {
        let texts = [0, 999, 1000, 12_345, 999_949, 1_000_000, 45_600_000_000, 9_000_000_000_000_000].map(
            Quantity.bytes)
        #expect(texts == ["0 B", "999 B", "1.0 KB", "12.3 KB", "999.9 KB", "1.0 MB", "45.6 GB", "9,000.0 TB"])
    }
}

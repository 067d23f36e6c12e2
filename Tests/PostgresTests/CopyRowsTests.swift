import Postgres
import Testing

@Suite("A buffer of rows")
struct CopyRowsTests {
    private func bytes(_ rows: CopyRows) -> [UInt8] { rows.withBytes { Array($0) } }

    @Test("holds fields as length and big-endian value")
    func format() {
        var rows = CopyRows()
        rows.appendRow(fields: 5, size: 4 + 16 + 2) { row in
            row.appendField(-2)
            row.appendField(InlineArray<16, UInt8> { UInt8($0) })
            row.appendNull()
            row.appendField(Array("é".utf8))
            row.appendField([])
        }
        #expect(
            bytes(rows) == [0, 5, 0, 0, 0, 4, 0xFF, 0xFF, 0xFF, 0xFE, 0, 0, 0, 16] + Array(0..<16)
                + [0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 2, 0xC3, 0xA9, 0, 0, 0, 0])
        #expect(rows.count == 1)
        #expect(rows.size == bytes(rows).count)
    }

    @Test("holds JSON behind the version of its binary form")
    func json() {
        var rows = CopyRows()
        rows.appendRow(fields: 2, size: 3 + 5) { row in
            row.appendJSONB("{}")
            row.appendJSONB(Array("[10]".utf8))
        }
        #expect(bytes(rows) == [0, 2, 0, 0, 0, 3, 1] + Array("{}".utf8) + [0, 0, 0, 5, 1] + Array("[10]".utf8))
    }

    @Test("may be given rows that are smaller than was said")
    func smaller() {
        var rows = CopyRows()
        rows.appendRow(fields: 1, size: 1_000) { $0.appendField([7]) }
        rows.appendRow(fields: 1, size: 1_000) { $0.appendNull() }
        #expect(bytes(rows) == [0, 1, 0, 0, 0, 1, 7, 0, 1, 0xFF, 0xFF, 0xFF, 0xFF])
        #expect(rows.count == 2)
    }

    @Test("carries a length of four bytes into each of them")
    func longField() {
        var rows = CopyRows()
        let value = [UInt8](repeating: 7, count: 0x01_02_03)
        rows.appendRow(fields: 1, size: value.count) { $0.appendField(value) }
        #expect(Array(bytes(rows)[2..<6]) == [0, 1, 2, 3])
    }

    @Test("cut back to a mark is what it was there")
    func truncation() {
        var rows = numbers(1...3)
        let mark = rows.mark
        let kept = bytes(rows)
        rows.appendRow(fields: 1, size: 4) { $0.appendField(5) }
        #expect(rows.mark.rows(since: mark) == 1)
        rows.truncate(to: mark)
        #expect(bytes(rows) == kept)
        #expect(rows.count == 3)
        #expect(rows.mark == mark)
    }

    @Test("takes over a part of another")
    func parts() {
        var source = numbers(1...2)
        let start = source.mark
        source.append(rowsOf: numbers(3...5), from: CopyRows().mark, to: numbers(3...5).mark)
        var rows = numbers(0...0)
        rows.append(rowsOf: source, from: start, to: source.mark)
        var expected = numbers(0...0)
        for number in 3...5 as ClosedRange<Int32> {
            expected.appendRow(fields: 1, size: 4) { $0.appendField(number) }
        }
        #expect(bytes(rows) == bytes(expected))
        #expect(rows.count == 4)
    }

    @Test("is empty after everything is removed")
    func removal() {
        var rows = numbers(1...9)
        rows.removeAll()
        #expect(rows.count == 0)
        #expect(rows.size == 0)
        #expect(rows.mark == CopyRows().mark)
    }
}

import Postgres
import Testing

@Suite("A buffer of rows")
struct CopyRowsTests {
    private func bytes(_ rows: CopyRows) -> [UInt8] { rows.withBytes { Array($0) } }

    @Test("holds fields as length and big-endian value")
    func format() {
        var rows = CopyRows()
        rows.beginRow(fields: 5)
        rows.append(Int32(-2))
        rows.append(Int64(1))
        rows.appendNull()
        rows.append(Array("é".utf8))
        rows.append([UInt8]())
        #expect(
            bytes(rows) == [
                0, 5, 0, 0, 0, 4, 0xFF, 0xFF, 0xFF, 0xFE, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 1, 0xFF, 0xFF, 0xFF, 0xFF,
                0, 0, 0, 2, 0xC3, 0xA9, 0, 0, 0, 0,
            ])
        #expect(rows.count == 1)
        #expect(rows.size == bytes(rows).count)
    }

    @Test("fills in the length of a field that is written in pieces")
    func pieces() {
        var rows = CopyRows()
        rows.beginRow(fields: 2)
        rows.appendField { field in
            field.appendRaw(Array("ab".utf8))
            [UInt8](arrayLiteral: 0x63, 0x64).withUnsafeBytes { field.appendRaw($0) }
            field.appendRaw(0x65)
        }
        rows.appendJSONB { $0.appendRaw(Array("{}".utf8)) }
        #expect(bytes(rows) == [0, 2, 0, 0, 0, 5] + Array("abcde".utf8) + [0, 0, 0, 3, 1] + Array("{}".utf8))
    }

    @Test("carries a length of four bytes into each of them")
    func longField() {
        var rows = CopyRows()
        rows.beginRow(fields: 1)
        rows.appendField { $0.appendRaw([UInt8](repeating: 7, count: 0x01_02_03)) }
        #expect(Array(bytes(rows)[2..<6]) == [0, 1, 2, 3])
    }

    @Test("cut back to a mark is what it was there")
    func truncation() {
        var rows = numbers(1...3)
        let mark = rows.mark
        let kept = bytes(rows)
        rows.beginRow(fields: 9)
        rows.append(Int64(5))
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
            expected.beginRow(fields: 1)
            expected.append(number)
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

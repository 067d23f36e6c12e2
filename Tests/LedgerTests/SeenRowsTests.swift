import Ledger
import Testing

@Suite("What a chunk saw")
struct SeenRowsTests {
    @Test("gives every row back as it was put in, at both ends of the numbers")
    func roundTrip() {
        let rows: [(Int64, UInt32, Int64)] = [(.min, 0, .min), (-1, .max, .max), (0, 1, 0), (.max, 0x8000_0000, -1)]
        var seen = SeenRows()
        for (hash, xmin, mark) in rows { seen.append(keyHash: hash, xmin: xmin, mark: mark) }
        #expect(seen.count == 4)
        #expect(seen.entries.count == 4 * SeenRows.entrySize)
        for (index, row) in rows.enumerated() {
            let entry = seen.row(at: index)
            #expect((entry.keyHash, entry.xmin, seen.mark(at: index)) == row)
            #expect(entry.written == nil)
        }
        #expect(seen.sum == Int128(Int64.min) + Int128(Int64.max) - 1)
    }

    @Test("adds up beyond 64 bits")
    func sum() {
        var seen = SeenRows()
        for _ in 0..<3 { seen.append(keyHash: 0, xmin: 0, mark: .max) }
        #expect(seen.sum == 3 * Int128(Int64.max))
    }

    @Test("takes a row that we wrote anew: its xmin, its mark, its bit, and no other's")
    func rewriting() {
        var seen = SeenRows()
        for number in 0..<20 { seen.append(keyHash: Int64(number), xmin: 5, mark: 10) }
        seen.rewrite(at: 8, xmin: 0xAABB_CCDD, mark: -3, value: 1)
        seen.rewrite(at: 19, xmin: 6, mark: 10, value: .min)
        seen.rewrite(at: 8, xmin: 7, mark: 4, value: 2)
        #expect(seen.sum == 194)
        #expect(seen.row(at: 8) == SeenRow(keyHash: 8, xmin: 7, fate: .migrated, written: 2))
        #expect(seen.row(at: 19) == SeenRow(keyHash: 19, xmin: 6, fate: .migrated, written: .min))
        #expect(seen.mark(at: 8) == 4)
        for number in 0..<20 where number != 8 && number != 19 {
            #expect(seen.row(at: number) == SeenRow(keyHash: Int64(number), xmin: 5, fate: .migrated))
        }
    }
}

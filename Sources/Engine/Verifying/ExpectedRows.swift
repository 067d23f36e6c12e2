import Postgres

/// The rows that a target should have, to be compared byte for byte with those that it has.
///
/// A row that the server sends just as we would send it is the same in every column. One that it sends otherwise need not
/// be another, because it prints jsonb in its own way: such rows are doubtful, and it is for the server to compare them.
struct ExpectedRows {
    /// Some doubtful rows: those that should be there, and the ids of all, as rows of one column.
    struct Doubtful {
        var rows = CopyRows()
        var ids = CopyRows()

        fileprivate mutating func add(_ id: RowID) {
            id.lend { id in ids.appendRow(fields: 1, size: id.count) { $0.appendField(id) } }
        }
    }

    /// Doubtful rows come in pieces of about so many bytes: comparing them takes several times their size.
    private static let piece = 1 << 20

    private let rows: CopyRows
    /// Up to here rows came in the order in which they are expected, and were the same.
    private var equal = CopyRows.start
    /// All of them, once one came that was not the next.
    private var rest: RowsByID?

    /// Takes rows whose first field is their id, a UUID.
    init(_ rows: CopyRows) { self.rows = rows }

    /// Takes note of a row that is there.
    mutating func meet(_ row: borrowing CopyTuple) throws(PostgresError) {
        if rest == nil, let next = rows.mark(behind: row.bytes, at: equal) {
            equal = next
            return
        }
        let id = try RowID(row[0])
        if rest == nil { rest = try RowsByID(rows, equalTo: equal) }
        rest?.meet(row.bytes, id, in: rows)
    }

    /// What was not shown to be equal.
    func doubtful() throws(PostgresError) -> [Doubtful] {
        if let rest { return pieces(of: rest) }
        return equal == rows.mark ? [] : pieces(of: try RowsByID(rows, equalTo: equal))
    }

    private func pieces(of rest: RowsByID) -> [Doubtful] {
        var pieces: [Doubtful] = []
        var piece = Doubtful()
        var left = rest.others
        for place in rest.places where !place.isEqual {
            piece.rows.append(rowsOf: rows, from: place.start, to: place.end)
            piece.add(place.id)
            left.remove(place.id)
            if piece.rows.size >= Self.piece {
                pieces.append(piece)
                piece = Doubtful()
            }
        }
        for id in left { piece.add(id) }
        if piece.ids.count > 0 { pieces.append(piece) }
        return pieces
    }
}

/// Expected rows that can be met in any order.
private struct RowsByID {
    struct Place {
        let id: RowID
        let start: CopyRows.Mark
        let end: CopyRows.Mark
        var isEqual: Bool
    }

    private(set) var places: [Place] = []
    private var indices: [RowID: Int] = [:]
    /// Of rows that are there, and not as they should be.
    private(set) var others: Set<RowID> = []

    /// Those before a mark were met already, and are equal.
    init(_ rows: CopyRows, equalTo equal: CopyRows.Mark) throws(PostgresError) {
        var isFirst = true
        places.reserveCapacity(rows.count)
        try rows.forEachRow { row, start, end throws(PostgresError) in
            isFirst = isFirst && start != equal
            // Behind the number of fields and the length of the first.
            let id = try RowID(UnsafeRawBufferPointer(rebasing: row.dropFirst(6).prefix(16)))
            indices[id] = indices[id] ?? places.count
            places.append(Place(id: id, start: start, end: end, isEqual: isFirst))
        }
    }

    mutating func meet(_ row: UnsafeRawBufferPointer, _ id: RowID, in rows: CopyRows) {
        let index = indices[id]
        guard let index, !places[index].isEqual,
            rows.mark(behind: row, at: places[index].start) != nil || Mutant.is(.compareIDs)
        else {
            // A second row of one id makes the first one doubtful, too.
            if let index { places[index].isEqual = false }
            others.insert(id)
            return
        }
        places[index].isEqual = true
    }
}

/// A row's id: a UUID.
private struct RowID: Hashable {
    private let high: UInt64
    private let low: UInt64

    /// Reads the binary form of one.
    init(_ bytes: UnsafeRawBufferPointer?) throws(PostgresError) {
        guard let bytes, bytes.count == 16 else { throw .unexpectedAnswer("a row whose id is no uuid") }
        high = bytes.loadUnaligned(as: UInt64.self)
        low = bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
    }

    /// Lends its binary form.
    func lend(_ body: (UnsafeRawBufferPointer) -> Void) {
        withUnsafeBytes(of: (high, low)) { body($0) }
    }
}

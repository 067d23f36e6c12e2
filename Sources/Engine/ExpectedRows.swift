import Glibc
import Postgres

/// The rows that a target should have, told apart by their ids, to be compared byte for byte with those that it has.
///
/// A row that the server sends just as we would send it is the same in every column. One that it sends otherwise need not
/// be another, because it prints jsonb in its own way: such rows are doubtful, and it is for the server to compare them.
struct ExpectedRows {
    /// Some doubtful rows: those that should be there, and the ids of all, as rows of one column.
    struct Doubtful {
        var rows = CopyRows()
        var ids = CopyRows()

        fileprivate mutating func add(_ id: RowID) {
            ids.beginRow(fields: 1)
            id.lend { ids.append($0) }
        }
    }

    private struct Place {
        let id: RowID
        let start: CopyRows.Mark
        let end: CopyRows.Mark
        var isEqual = false
    }

    /// Doubtful rows come in pieces of about so many bytes: comparing them takes several times their size.
    private static let piece = 1 << 20

    private let rows: CopyRows
    private var places: [Place] = []
    private var indices: [RowID: Int] = [:]
    /// Of rows that are there, and not as they should be.
    private var others: [RowID] = []

    /// Takes rows whose first field is their id; nil where that is none of 16 bytes.
    init?(_ rows: CopyRows) {
        self.rows = rows
        places.reserveCapacity(rows.count)
        indices.reserveCapacity(rows.count)
        var haveIDs = true
        rows.forEachRow { row, start, end in
            guard let id = RowID(UnsafeRawBufferPointer(rebasing: row.dropFirst(6)), length: row.bigEndianLength) else {
                return haveIDs = false
            }
            indices[id] = indices[id] ?? places.count
            places.append(Place(id: id, start: start, end: end))
        }
        if !haveIDs { return nil }
    }

    /// Takes note of a row that is there.
    mutating func meet(_ row: borrowing CopyTuple) throws(PostgresError) {
        guard let field = row[0], let id = RowID(field, length: field.count) else {
            throw .unexpectedAnswer("a row whose id is no uuid")
        }
        guard let index = indices[id], !places[index].isEqual, isEqual(row.bytes, places[index]) else {
            // A second row of one id makes the first one doubtful, too.
            if let index = indices[id] { places[index].isEqual = false }
            return others.append(id)
        }
        places[index].isEqual = true
    }

    private func isEqual(_ row: UnsafeRawBufferPointer, _ place: Place) -> Bool {
        rows.withBytes(from: place.start, to: place.end) { expected in
            guard row.count == expected.count, let one = row.baseAddress, let other = expected.baseAddress else {
                return false
            }
            return memcmp(one, other, row.count) == 0 || Mutant.is(.compareLengths)
        }
    }

    /// What was not shown to be equal.
    var doubtful: [Doubtful] {
        var pieces: [Doubtful] = []
        var piece = Doubtful()
        var left = Set(others)
        for place in places where !place.isEqual {
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

/// A row's id: a UUID.
private struct RowID: Hashable {
    private let high: UInt64
    private let low: UInt64

    /// Reads the binary form of one.
    init?(_ bytes: UnsafeRawBufferPointer, length: Int) {
        guard length == 16, bytes.count >= 16 else { return nil }
        high = bytes.loadUnaligned(as: UInt64.self)
        low = bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
    }

    /// Lends its binary form.
    func lend(_ body: (UnsafeRawBufferPointer) -> Void) {
        withUnsafeBytes(of: (high, low)) { body($0) }
    }
}

extension UnsafeRawBufferPointer {
    /// The length of the first field of a row.
    fileprivate var bigEndianLength: Int {
        count < 6 ? -1 : Int(Int32(bigEndian: loadUnaligned(fromByteOffset: 2, as: Int32.self)))
    }
}

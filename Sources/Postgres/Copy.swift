import CLibPQ
import Glibc

/// One row of a binary COPY TO STDOUT; the fields are lent for the length of a call.
public struct CopyTuple: ~Copyable {
    /// The whole row as it was sent, in the form in which `CopyRows` has rows.
    public let bytes: UnsafeRawBufferPointer
    fileprivate let fields: [UnsafeRawBufferPointer?]

    /// The binary form of a field; nil for NULL.
    public subscript(_ column: Int) -> UnsafeRawBufferPointer? { fields[column] }

    /// A `bigint` field.
    public func int64(_ column: Int) -> Int64? { integer(column) }

    /// An `integer` field.
    public func int32(_ column: Int) -> Int32? { integer(column) }

    /// An `xid` field.
    public func uint32(_ column: Int) -> UInt32? { integer(column) }

    private func integer<T: FixedWidthInteger>(_ column: Int) -> T? {
        guard let field = fields[column], field.count == MemoryLayout<T>.size else { return nil }
        return T(bigEndian: field.loadUnaligned(as: T.self))
    }
}

/// Takes the messages of a binary COPY apart: a header once, then one row a message, then a trailer.
private struct CopyTupleReader {
    private static let headerLength = 19
    private var sawHeader = false
    private var fields: [UnsafeRawBufferPointer?] = []

    /// The row in a message; nil for the trailer.
    mutating func tuple(in message: UnsafeRawBufferPointer) throws(PostgresError) -> CopyTuple? {
        var offset = 0
        if !sawHeader {
            guard message.count >= Self.headerLength else { throw Self.malformed }
            let extensionLength = Self.integer(Int32.self, in: message, at: 15)
            offset = Self.headerLength + Int(extensionLength ?? 0)
            sawHeader = true
            if offset == message.count { return nil }
        }
        let start = offset
        guard let count = Self.integer(Int16.self, in: message, at: offset) else { throw Self.malformed }
        if count < 0 { return nil }
        offset += 2
        fields.removeAll(keepingCapacity: true)
        for _ in 0..<count {
            guard let length = Self.integer(Int32.self, in: message, at: offset) else { throw Self.malformed }
            offset += 4
            if length < 0 {
                fields.append(nil)
                continue
            }
            let end = offset + Int(length)
            guard end <= message.count else { throw Self.malformed }
            fields.append(UnsafeRawBufferPointer(rebasing: message[offset..<end]))
            offset = end
        }
        return CopyTuple(bytes: UnsafeRawBufferPointer(rebasing: message[start..<offset]), fields: fields)
    }

    private static let malformed = PostgresError.unexpectedAnswer("a row of COPY that is cut or not binary")

    private static func integer<T: FixedWidthInteger>(
        _ type: T.Type, in message: UnsafeRawBufferPointer, at offset: Int
    ) -> T? {
        guard offset + MemoryLayout<T>.size <= message.count else { return nil }
        return T(bigEndian: message.loadUnaligned(fromByteOffset: offset, as: T.self))
    }
}

/// Lets rows gather in a socket that has none, before somebody waits for it. A server sends 8 KB at a time, and to be woken for each of
/// them costs both sides a tenth of their processor time.
private struct Gathering {
    /// How much should be there after a pause: about what a local socket holds, and not more, so that the server need not wait.
    private static let enough = 1 << 17

    /// How much was read since the last pause.
    var bytes = 0
    private var microseconds = 200

    /// Pauses for as long as it takes, by how much came in the last pause, until there is enough; not before the first row.
    mutating func pause(beforeReading socket: Int32) {
        var descriptor = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
        guard bytes > 0, poll(&descriptor, 1, 0) == 0 else { return }
        let needed = microseconds * Self.enough / bytes
        microseconds = min(max(needed, microseconds / 2, 50), microseconds * 2, 1000)
        bytes = 0
        // Nothing is awaited: what comes meanwhile is read in one go.
        var time = timespec(tv_sec: 0, tv_nsec: microseconds * 1000)
        nanosleep(&time, nil)
    }
}

extension Transaction {
    /// Reads the rows of a query by binary COPY, each lent to `body` as it arrives.
    ///
    /// When `body` throws, the COPY is cancelled, so the transaction can only be rolled back.
    public func copyOut(_ query: SQL, _ body: (borrowing CopyTuple) throws -> Void) throws {
        let deadline = connection.deadline(within: settings.statement, what: "COPY TO STDOUT")
        try connection.send("copy (\(query)) to stdout (format binary)", until: deadline)
        try connection.expect(PGRES_COPY_OUT, until: deadline)
        var reader = CopyTupleReader()
        var gathering = Gathering()
        reading: while true {
            let length: Int32
            do {
                length = try connection.wire.getCopyData { message in
                    if let tuple = try reader.tuple(in: message) { try body(tuple) }
                }
            } catch {
                try connection.abandonCopyOut(until: deadline)
                throw error
            }
            switch length {
            case 1...: gathering.bytes += Int(length)
            case 0:
                gathering.pause(beforeReading: connection.wire.socket)
                try connection.wait(for: Int16(POLLIN), until: deadline)
                guard connection.wire.consumeInput() else { throw connection.lost() }
            case -1: break reading
            default: throw connection.lost()
            }
        }
        _ = try connection.finishStatement(until: deadline)
    }

    /// Writes rows into a table by binary COPY; throws when fewer are stored than were sent.
    public func copyIn(_ rows: CopyRows, into table: SQL, columns: [Identifier]) throws(PostgresError) {
        let deadline = connection.deadline(within: settings.statement, what: "COPY FROM STDIN")
        try connection.send(
            "copy \(table) (\(SQL.list(columns))) from stdin (format binary)", until: deadline)
        try connection.expect(PGRES_COPY_IN, until: deadline)
        try connection.put(CopyRows.header, until: deadline)
        try rows.withBytes { bytes throws(PostgresError) in try connection.put(bytes, until: deadline) }
        try connection.put(CopyRows.trailer, until: deadline)
        while true {
            let state = connection.wire.putCopyEnd()
            if state == 1 { break }
            guard state == 0 else { throw connection.lost() }
            try connection.flush(until: deadline)
        }
        try connection.flush(until: deadline)
        let stored = try connection.finishStatement(until: deadline).affectedRows
        guard stored == rows.count || Mutant.is(.ignoreCopyCount) else {
            throw .copyCountDiffers(table: table.text, sent: rows.count, stored: stored)
        }
    }
}

extension Connection {
    /// Waits for the answer that opens a COPY.
    fileprivate func expect(_ status: ExecStatusType, until deadline: Deadline) throws(PostgresError) {
        guard let result = try nextResult(until: deadline) else { throw lost() }
        if result.status == status { return }
        let failure = error(from: result)
        if failure.endsSession { throw failure }
        while try nextResult(until: deadline) != nil {}
        throw failure
    }

    /// Sends bytes of a COPY in pieces, as fast as the socket takes them.
    fileprivate func put(_ bytes: UnsafeRawBufferPointer, until deadline: Deadline) throws(PostgresError) {
        // With the five bytes of its head a piece fills what libpq sends at once, and leaves no rest to be sent alone.
        let pieceSize = (1 << 16) - 5
        var offset = 0
        while offset < bytes.count {
            let end = min(offset + pieceSize, bytes.count)
            switch wire.putCopyData(UnsafeRawBufferPointer(rebasing: bytes[offset..<end])) {
            case 1:
                offset = end
                // Else libpq would hold all that the socket does not take, once more.
                try flush(until: deadline)
            case 0: try flush(until: deadline)
            default: throw lost()
            }
        }
    }

    fileprivate func put(_ bytes: [UInt8], until deadline: Deadline) throws(PostgresError) {
        try bytes.withUnsafeBufferPointer { buffer throws(PostgresError) in
            try put(UnsafeRawBufferPointer(buffer), until: deadline)
        }
    }

    /// Ends a COPY TO STDOUT whose rows are not wanted any more.
    fileprivate func abandonCopyOut(until deadline: Deadline) throws(PostgresError) {
        wire.cancel()
        while true {
            switch wire.getCopyData({ _ in }) {
            case 1...: continue
            case 0:
                try wait(for: Int16(POLLIN), until: deadline)
                guard wire.consumeInput() else { throw lost() }
            default:
                while try nextResult(until: deadline) != nil {}
                return
            }
        }
    }
}

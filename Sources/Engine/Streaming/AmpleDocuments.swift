import Dispatch
import Postgres

/// Documents of very many small parts, which become rows of twenty times their size: of a process's workers one at a time may
/// hold what such a document gives.
final class AmpleDocuments: Sendable {
    /// For as long as it lives, no other worker begins with such a document.
    final class Turn: Sendable {
        private let documents: AmpleDocuments

        fileprivate init(of documents: AmpleDocuments) { self.documents = documents }

        deinit { documents.free.signal() }
    }

    /// More than these are very many.
    private static let parts = 100_000
    /// Each of these may begin another row; in JSON a line end is a backslash and an `n`.
    private static let (comma, lineEnd, backslash) = (UInt8(ascii: ","), UInt8(ascii: "\n"), UInt8(ascii: "\\"))

    private let free = DispatchSemaphore(value: 1)

    /// Whether documents may give that many rows.
    static func areAmple(_ documents: [UnsafeRawBufferPointer?]) -> Bool {
        var left = parts
        for case let document? in documents where document.count > parts {
            for byte in document where byte == comma || byte == lineEnd || byte == backslash { left -= 1 }
        }
        return left < 0
    }

    /// Waits until no other worker has a turn, and gives one; gives none after so many seconds, of which 0 is without end.
    func turn(within seconds: Double) -> Turn? {
        if Mutant.is(.ampleTogether) { return nil }
        return free.wait(timeout: seconds > 0 ? .now() + seconds : .distantFuture) == .success ? Turn(of: self) : nil
    }
}

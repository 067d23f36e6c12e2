import Synchronization

@testable import etl

/// Both ends of a terminal, for a test to read.
final class Ends: Sendable {
    private let written = Mutex<(output: [UInt8], errors: [UInt8])>(([], []))

    /// What arrived at stdout.
    var output: String { written.withLock { String(decoding: $0.output, as: UTF8.self) } }
    /// What arrived at stderr.
    var errors: String { written.withLock { String(decoding: $0.errors, as: UTF8.self) } }

    func terminal(
        isJSON: Bool = false, isQuiet: Bool = false, canRedraw: Bool = false, canRepaint: Bool = false,
        inColour: Bool = false, columns: Int = 80, rows: Int = 24, log: LogFile? = nil
    ) -> Terminal {
        Terminal(
            style: .init(
                isJSON: isJSON, isQuiet: isQuiet, canRedraw: canRedraw, canRepaint: canRepaint,
                coloursResults: inColour, coloursMessages: inColour),
            log: log, size: { _ in WindowSize(columns: columns, rows: rows) },
            output: { bytes in self.written.withLock { $0.output += bytes } },
            errors: { bytes in self.written.withLock { $0.errors += bytes } })
    }
}

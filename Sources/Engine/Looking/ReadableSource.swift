import Pipelines
import Postgres

/// A stream's source as it can be read now, whether or not its target is there yet.
enum ReadableSource {
    case tables(StreamTables)
    case impossible([String])

    /// Why it cannot be read; empty where it can.
    var reasons: [String] { if case .impossible(let reasons) = self { reasons } else { [] } }

    static func find(
        _ stream: Pipelines.Stream, in schema: Identifier, _ transaction: borrowing Transaction
    ) throws -> ReadableSource {
        let found = try transaction.attempt { () throws -> ReadableSource in
            if let reason = try StreamTables.missing(stream, schema: schema, transaction) {
                return .impossible([reason])
            }
            do {
                return .tables(try StreamTables(stream, schema: schema, onlyReading: true, transaction))
            } catch let failure as Failure {
                return .impossible(failure.details)
            }
        }
        switch found {
        case .success(let source): return source
        case .failure(let error): return .impossible([error.message])
        }
    }
}

import Ledger
import Postgres

extension UndoContext {
    /// Takes back the chunks of a stage that are done, each in the transaction that says that it is to be done again; gives
    /// what came of each. `prepare` looks at the tables anew for every chunk.
    ///
    /// The stage's row says that it is not done as soon as the first chunk is not.
    func takeBackChunks<Means, Part>(
        of chunked: ChunkedStage, locking tables: [QualifiedName],
        preparing prepare: (borrowing Transaction) throws -> Means,
        _ takeBack: (Means, _ n: Int64, KeyRange, borrowing Transaction) throws -> Part
    ) throws -> [Part] {
        var parts: [Part] = []
        var last: (n: Int64, part: Part)?
        var isLeft = true
        while isLeft {
            isLeft = try perform(chunked.name, locking: tables, waits: true) { transaction in
                let means = try prepare(transaction)
                let chunk = try site.ledger.lockNextChunk(isDone: true, of: chunked, transaction)
                // What was taken back counts once its chunk is the next no more, be the commit heard or not.
                if let done = last, done.n != chunk?.n {
                    parts.append(done.part)
                    last = nil
                }
                guard let chunk else { return false }
                last = (chunk.n, try takeBack(means, chunk.n, chunk.range, transaction))
                try site.ledger.reopenStage(chunked.name, of: run, transaction)
                try begin(transaction)
                try site.ledger.reopenChunk(chunk.n, of: chunked, transaction)
                return true
            }
        }
        return parts
    }
}

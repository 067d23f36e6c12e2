import Postgres

/// Rows in memory for each of a stream's targets, of which there are two at most.
struct TargetRows {
    /// A place between two source rows, to which all buffers can be cut back.
    struct Mark {
        fileprivate let first: CopyRows.Mark
        fileprivate let second: CopyRows.Mark

        /// How many rows lie between an earlier mark and this one.
        func rows(since earlier: Mark) -> Int { rows(of: 0, since: earlier) + rows(of: 1, since: earlier) }

        /// How many of them are one target's.
        func rows(of target: Int, since earlier: Mark) -> Int {
            target == 0 ? first.rows(since: earlier.first) : second.rows(since: earlier.second)
        }
    }

    /// The rows of the first target.
    var first = CopyRows()
    /// The rows of the second target; none where there is but one.
    var second = CopyRows()

    /// The rows of a target, by its place among the stream's.
    subscript(target: Int) -> CopyRows { target == 0 ? first : second }

    /// The size in bytes of what was written.
    var size: Int { first.size + second.size }

    /// Where the rows of the next source row will begin.
    var mark: Mark { Mark(first: first.mark, second: second.mark) }

    /// Forgets every row and keeps the memory for the next batch.
    mutating func removeAll() {
        first.removeAll()
        second.removeAll()
    }

    /// Adds the rows that others hold between two of their marks.
    mutating func append(rowsOf others: TargetRows, from start: Mark, to end: Mark) {
        first.append(rowsOf: others.first, from: start.first, to: end.first)
        second.append(rowsOf: others.second, from: start.second, to: end.second)
    }
}

/// How many rows a worker takes at a time, as its transactions turn out to be short or long: whoever waits for one of its row
/// locks waits for the rest of the transaction.
struct BatchPace {
    /// Seconds that a transaction should take.
    private static let aim = 0.3...1.0
    /// Fewer rows at a time do not make a busy server faster.
    private static let fewest: Int64 = 100

    /// The most rows at a time; nil while chunks are as they were planned.
    private(set) var rows: Int64?

    /// Learns from a transaction.
    mutating func note(_ done: Int64, in seconds: Double) {
        if seconds > Self.aim.upperBound {
            let middle = (Self.aim.lowerBound + Self.aim.upperBound) / 2
            rows = max(Self.fewest, Int64(Double(done) * middle / seconds))
        } else if let rows, seconds < Self.aim.lowerBound {
            // What does not cut chunks any more is forgotten.
            self.rows = done < rows ? nil : done * 2
        }
    }
}

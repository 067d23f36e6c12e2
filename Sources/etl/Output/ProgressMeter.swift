import Engine

/// How fast a stage goes and when it will be through, from the last half minute. Pure: time is passed in.
struct ProgressMeter {
    /// What the meter shows.
    struct Reading: Equatable {
        /// Source rows a second; nil while too little was seen.
        var rowsPerSecond: Double?
        /// Bytes of documents a second.
        var bytesPerSecond: Double?
        /// Seconds to go; nil where the total is not known or nothing moves.
        var secondsLeft: Double?
    }

    private struct Sample {
        let seconds: Double
        let rows: Int64
        let allRows: Int64
        let bytes: Int64
    }

    /// Long enough to smooth single chunks, short enough to follow a server that slows down.
    private let window: Double
    private var samples: [Sample] = []

    init(window: Double = 30) {
        self.window = window
    }

    /// Takes what was reported; its `seconds` is the clock. Time that goes backwards is ignored.
    mutating func add(_ progress: Progress) {
        if let last = samples.last, progress.seconds < last.seconds { return }
        samples.append(
            Sample(
                seconds: progress.seconds, rows: progress.rowsHere, allRows: progress.rows,
                bytes: progress.bytesHere))
        // One sample older than the window stays, so that the samples always span it.
        while samples.count > 2, samples[1].seconds <= progress.seconds - window { samples.removeFirst() }
    }

    /// The speed over the window, and what it means for the rest. The rest goes at the pace of all processes
    /// together; the speed shown is this one's.
    func reading(total: Int64?) -> Reading {
        guard let first = samples.first, let last = samples.last, last.seconds - first.seconds >= 0.5 else {
            return Reading()
        }
        let elapsed = last.seconds - first.seconds
        let pace = Double(last.allRows - first.allRows) / elapsed
        var left: Double?
        if let total, total > last.allRows, pace > 0 { left = Double(total - last.allRows) / pace }
        return Reading(
            rowsPerSecond: max(0, Double(last.rows - first.rows) / elapsed),
            bytesPerSecond: max(0, Double(last.bytes - first.bytes) / elapsed), secondsLeft: left)
    }
}

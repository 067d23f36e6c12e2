/// When to kill: at random within a time that is so short, by how runs end, that each is killed several times.
///
/// How long a run takes when it is measured says little: beside other tests it takes ten times as long as alone.
struct KillMoments {
    /// How often a run should be killed until it comes to its end.
    private static let wanted = 3...10

    private var seconds: Double
    private var numbers: SeededNumbers

    init(within seconds: Double, seed: UInt64) {
        self.seconds = seconds
        numbers = SeededNumbers(seed: seed)
    }

    /// Waits for the next one.
    mutating func wait() async throws {
        try await Task.sleep(for: .seconds(Double.random(in: 0...seconds, using: &numbers)))
    }

    /// Whether the one or the other is to be killed.
    mutating func either() -> Int { Int.random(in: 0...1, using: &numbers) }

    /// Learns from a run that came to its end.
    mutating func note(endAfter kills: Int) {
        if kills < Self.wanted.lowerBound { seconds *= 0.7 }
        if kills > Self.wanted.upperBound { seconds *= 1.3 }
    }
}

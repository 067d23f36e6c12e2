/// How what may pass is tried again.
public enum Backoff {
    /// How often a failure that may pass is tried again on a living session.
    public static let refusalLimit = 8

    /// Seconds until the next try: longer each time, and never the same for two who wait.
    public static func delay(after attempts: Int) -> Double {
        min(5, 0.05 * Double(1 << min(attempts, 8))) * Double.random(in: 0.5...1)
    }
}

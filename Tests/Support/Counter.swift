import Synchronization

/// Numbers that are never given twice, from any thread.
public final class Counter: Sendable {
    private let last = Atomic<Int>(0)

    /// Begins anew.
    public init() {}

    /// The next number, from 1.
    public func next() -> Int {
        last.add(1, ordering: .relaxed).newValue
    }
}

import Foundation

/// Whether a condition came true in time; it is looked at every few milliseconds, but no more than a quarter of the time.
///
/// Says so rather than failing, so that a test can write `#expect(await eventually { … })`.
public func eventually(
    within limit: Duration = .seconds(60), _ condition: () async throws -> Bool
) async rethrows -> Bool {
    let clock = ContinuousClock()
    let deadline = clock.now + limit
    while clock.now < deadline {
        let began = clock.now
        if try await condition() { return true }
        // To look may mean to start a program: whoever does that all the time takes the processor from what is waited for.
        let rest = max(.milliseconds(5), min((clock.now - began) * 3, .milliseconds(200)))
        try? await Task.sleep(for: rest)
    }
    return try await condition()
}

/// Runs work that blocks on a thread of its own.
///
/// Tests share as many threads as there are processors; one that waits for a server there holds up the
/// others.
public func blocking<Value: Sendable>(
    _ body: @escaping @Sendable () throws -> Value
) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        let thread = Thread { continuation.resume(with: Result(catching: body)) }
        // As much as a main thread has; the default of half a megabyte is little for deep documents.
        thread.stackSize = 8 << 20
        thread.start()
    }
}

import Glibc

/// Threads for work that blocks, each with a stack of its own.
enum WorkerThreads {
    private final class Work {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }

    /// Runs `body` once on each of `count` threads, numbered from 1, and waits for all of them.
    static func run(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
        var threads: [pthread_t] = []
        for number in 1...count {
            let work = Unmanaged.passRetained(Work { body(number) })
            var thread = pthread_t()
            let status = pthread_create(
                &thread, nil,
                { argument in
                    guard let argument else { return nil }
                    Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().body()
                    return nil
                }, work.toOpaque())
            if status == 0 {
                threads.append(thread)
            } else {
                // Without threads to spare the work is done with fewer, at least by this one.
                work.release()
                if number == 1 { body(number) }
                break
            }
        }
        for thread in threads { pthread_join(thread, nil) }
    }
}

import Glibc

/// Does something and says how much of a processor's time it took on this thread, which is the same however busy the machine is.
public func timed<R>(_ body: () throws -> R) rethrows -> (value: R, processorTime: Duration) {
    let began = threadTime()
    let value = try body()
    return (value, threadTime() - began)
}

private func threadTime() -> Duration {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
}

import Glibc
import Synchronization

/// How a run is asked to end before it is done: first in order, then at once.
public final class Interruption: Sendable {
    private let signal = Atomic<Int32>(0)
    private let cancelled = Atomic<Bool>(false)
    private let stopPipe: WakePipe
    private let cancelPipe: WakePipe

    /// Nothing is asked for yet.
    public init() {
        stopPipe = WakePipe()
        cancelPipe = WakePipe()
    }

    deinit {
        stopPipe.close()
        cancelPipe.close()
    }

    /// Asks for an orderly stop: finish or roll back the batch in hand, take no other. The first signal asked for stays.
    public func requestStop(signal number: Int32) {
        if signal.compareExchange(expected: 0, desired: number, ordering: .sequentiallyConsistent).exchanged {
            stopPipe.wake()
        }
    }

    /// Asks to cancel what runs on the server now.
    public func requestCancel() {
        if cancelled.compareExchange(expected: false, desired: true, ordering: .sequentiallyConsistent).exchanged {
            cancelPipe.wake()
        }
    }

    /// The signal that asked for the stop; nil while nobody did.
    public var stopSignal: Int32? {
        let number = signal.load(ordering: .sequentiallyConsistent)
        return number == 0 ? nil : number
    }

    /// Whether a stop was asked for.
    public var isStopping: Bool { stopSignal != nil || isCancelled }

    /// Whether to cancel at once.
    public var isCancelled: Bool { cancelled.load(ordering: .sequentiallyConsistent) }

    /// Waits for `seconds`, or until a stop is asked for; returns whether it was.
    public func wait(seconds: Double) -> Bool {
        var descriptors = [stopPipe.pollDescriptor, cancelPipe.pollDescriptor]
        let deadline = MonotonicClock.now + seconds
        while !isStopping {
            let left = deadline - MonotonicClock.now
            if left <= 0 { break }
            poll(&descriptors, nfds_t(descriptors.count), Int32((min(left, 86_400) * 1000).rounded(.up)))
        }
        return isStopping
    }

    /// Readable once a cancel was asked for: a wait for the server includes it.
    var cancelDescriptor: pollfd { cancelPipe.pollDescriptor }
}

/// Seconds of a clock that never jumps.
public enum MonotonicClock {
    /// Now, in seconds from an arbitrary beginning.
    public static var now: Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}

/// A pipe that becomes readable once and stays so, so that any number of waiting threads see it.
private struct WakePipe: Sendable {
    let readEnd: Int32
    let writeEnd: Int32

    init() {
        var ends: [Int32] = [-1, -1]
        // Without descriptors left no connection could be opened either; poll ignores a negative one.
        _ = pipe(&ends)
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        (readEnd, writeEnd) = (ends[0], ends[1])
    }

    var pollDescriptor: pollfd { pollfd(fd: readEnd, events: Int16(POLLIN), revents: 0) }

    func close() {
        _ = Glibc.close(readEnd)
        _ = Glibc.close(writeEnd)
    }

    func wake() {
        var byte: UInt8 = 1
        _ = write(writeEnd, &byte, 1)
    }
}

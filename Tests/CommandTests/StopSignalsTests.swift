import Glibc
import Testing

@testable import etl

@Suite("Signals")
struct StopSignalsTests {
    @Test("the first signal stops in order, the second cancels, a third changes nothing")
    func sequence() {
        var sequence = StopSequence()
        #expect(!sequence.isWaiting)
        #expect(sequence.received(SIGTERM) == .stop(signal: SIGTERM))
        #expect(sequence.isWaiting)
        #expect(sequence.received(SIGINT) == .cancel)
        #expect(!sequence.isWaiting)
        #expect(sequence.received(SIGINT) == nil)
        #expect(sequence.timedOut() == nil)
    }

    @Test("a stop that takes too long becomes a cancel by itself, once")
    func patience() {
        var sequence = StopSequence()
        #expect(sequence.timedOut() == nil)
        _ = sequence.received(SIGHUP)
        #expect(sequence.timedOut() == .cancel)
        #expect(sequence.timedOut() == nil)
    }

    @Test(
        "a stop ends with the code that shells know for the signal",
        arguments: [(SIGHUP, 129), (SIGINT, 130), (SIGTERM, 143), (SIGUSR1, 143)] as [(Int32, Int32)])
    func codes(signal: Int32, code: Int32) {
        #expect(ExitCode(stoppedBy: signal).rawValue == code)
    }
}

import Support
import Testing

extension Endurance {
    /// Commands that are given when runs are over, with a fault at some call to libpq.
    @Suite struct CommandFaultTests {
        @Test(
            "a fault at any call to libpq leaves each chapter as before a command or as after it, and the next ends as if there was none",
            arguments: LaterCommand.chosen)
        func anyCall(command: LaterCommand) async throws {
            let course = try await command.course()
            var sum = FaultCount()
            let began = ContinuousClock.now
            for fault in Faults.kinds {
                let count = try await course.tried(fault)
                if Faults.isEveryWanted { print("faults (\(command)), each \(fault): \(count)") }
                sum = sum + count
            }
            let seconds = Int((ContinuousClock.now - began) / .seconds(1))
            print("faults (\(command)): seed \(EndToEnd.seed), about \(course.calls) calls, \(sum), \(seconds) s")
        }
    }
}

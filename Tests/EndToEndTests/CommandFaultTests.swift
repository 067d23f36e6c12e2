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
            try await Faults.tryAll(in: "\(command)", calls: course.calls) { try await course.tried($0) }
        }
    }
}

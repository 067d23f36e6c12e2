import Foundation
import Support
import Testing

extension Behaviour {
    @Suite struct CoreDumpTests {
        @Test("a crash leaves no core dump, which would hold documents and the password, whatever the shell allows")
        func limit() async throws {
            let silence = try Listener(answering: [])
            let url = "postgresql://u@x/d?hostaddr=\(Listener.address)&port=\(silence.port)&sslmode=disable"
            let program = try RunningProgram(
                "sh", arguments: ["-c", "ulimit -c unlimited 2>/dev/null; exec \"$0\" status", etlBinary],
                environment: plainEnvironment.merging(["DATABASE_URL": url]) { $1 })
            let isForbidden = await eventually {
                let limits = try? String(contentsOfFile: "/proc/\(program.pid)/limits", encoding: .utf8)
                return limits?.contains(#/Max core file size +0 +0 /#) == true
            }
            #expect(isForbidden)
            program.kill(SIGKILL)
        }
    }
}

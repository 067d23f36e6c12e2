import Foundation
import Support
import Testing

extension Endurance {
    @Suite struct FaultTests {
        @Test(
            "a fault at any call to libpq leaves every row accounted for, and the next run ends as if there was none",
            arguments: Phase.chosen)
        func anyCall(phase: Phase) async throws {
            let course = try #require(try await PhaseCourse.all.value[phase])
            var count = FaultCount()
            for kind in Faults.kinds { count = try await count + tried(kind, on: course) }
            print("faults (\(phase)): seed \(EndToEnd.seed), about \(course.calls) calls, \(count)")
        }

        /// How many cases are tried at a time: a run waits more than it computes.
        private static let atOnce = 3

        /// Tries a fault at the calls that are chosen, or at each until three runs after another do not come to it: how
        /// many calls there are differs a little from run to run.
        private func tried(_ fault: String, on course: PhaseCourse) async throws -> FaultCount {
            var count = FaultCount()
            if let places = Faults.places(fault, in: course.phase, among: course.calls) {
                for end in try await ends(of: fault, atCalls: places, on: course) { count.add(end) }
                return count
            }
            // Only a process that is killed tells that it came to the call; the others are tried as far as any run goes.
            let far = course.calls + course.calls / 10 + 20
            var (call, unreached) = (1, 0)
            while unreached < 3, call <= far || fault.hasPrefix("kill") {
                for end in try await ends(of: fault, atCalls: Array(call..<call + Self.atOnce), on: course) {
                    unreached = fault.hasPrefix("kill") && end != "killed" ? unreached + 1 : 0
                    count.add(end)
                }
                call += Self.atOnce
            }
            return count
        }

        /// How runs end with a fault at some calls, in the calls' order.
        private func ends(of fault: String, atCalls calls: [Int], on course: PhaseCourse) async throws -> [String] {
            try await withThrowingTaskGroup(of: (Int, String).self) { group in
                var ends: [Int: String] = [:]
                for (index, call) in calls.enumerated() {
                    if index >= Self.atOnce, let (call, end) = try await group.next() { ends[call] = end }
                    group.addTask { (call, try await end(of: fault, atCall: call, on: course)) }
                }
                for try await (call, end) in group { ends[call] = end }
                return calls.compactMap { ends[$0] }
            }
        }

        /// One case: a run with the fault, judged as it lies there, and brought to its end by another run.
        private func end(of fault: String, atCall call: Int, on course: PhaseCourse) async throws -> String {
            let place = "\(call):\(fault) of \(course.phase), seed \(EndToEnd.seed)"
            let database = try await course.before.copyWithRuns()
            let command = course.phase.command(on: database, accepting: course.losses)
            let run = try database.start(command, variables: ["ETL_FAULT": "\(call):\(fault)"])
            // One that waits for ever would hold up all others.
            let isOver = await comesTrue(within: .seconds(300)) { !run.isRunning }
            #expect(isOver, "\(place): is still running: \(run.errorsSoFar)")
            if !isOver { run.kill(9) }
            let faulty = try await run.end()
            // Either it was put up with, or no session could be had to begin with.
            let allowed = fault.hasPrefix("kill") ? [137, course.status] : [course.status, 6]
            #expect(allowed.contains(faulty.status), "\(place): \(faulty.status) \(faulty.stderr)")
            let between = try await database.check()
            #expect(between.hasSuffix(asContracted), "\(place): \(between)")
            let last = try await database.start(command).end()
            #expect(last.status == course.status, "\(place), then: \(last.stderr)")
            let verdict = try await database.check(hash: course.hash)
            #expect(verdict.hasSuffix(asContracted), "\(place), then: \(verdict)")
            return faulty.status == 137 ? "killed" : faulty.status == 6 ? "gave up in order" : "survived"
        }
    }
}

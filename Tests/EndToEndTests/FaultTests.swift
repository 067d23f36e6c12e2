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
            var sum = FaultCount()
            let began = ContinuousClock.now
            if Faults.isEveryWanted { print("faults (\(phase)): \(course.counts)") }
            for fault in Faults.kinds {
                let count = try await tried(fault, on: course)
                if Faults.isEveryWanted { print("faults (\(phase)), each \(fault): \(count)") }
                sum = sum + count
            }
            let seconds = Int((ContinuousClock.now - began) / .seconds(1))
            print("faults (\(phase)): seed \(EndToEnd.seed), about \(course.counts.calls) calls, \(sum), \(seconds) s")
        }

        /// Tries a fault at some calls chosen at random, usually at one in half of the phases; or wherever it may make a
        /// difference, until runs do not come to it any more.
        private func tried(_ fault: String, on course: PhaseCourse) async throws -> FaultCount {
            if Faults.isEveryWanted {
                return try await Faults.tried(atAllMomentsOf: fault) { try await end(of: $0, on: course) }
            }
            let salt = (fault + course.phase.rawValue).utf8.reduce(0) { $0 &* 31 &+ UInt64($1) }
            var numbers = SeededNumbers(seed: EndToEnd.seed &+ salt)
            let count = Faults.wanted ?? Int.random(in: 0...1, using: &numbers)
            let calls = (1...course.counts.calls).shuffled(using: &numbers).prefix(count)
            return try await Faults.tried(fault, atCalls: calls) { try await end(of: $0, on: course) }
        }

        /// One case: a run with the fault, judged as it lies there, and brought to its end by another run where it has not
        /// come there by itself.
        private func end(of fault: String, on course: PhaseCourse) async throws -> FaultEnd {
            let place = "\(fault) of \(course.phase), seed \(EndToEnd.seed)"
            let database = try await course.before.copyWithRuns()
            let command = course.phase.command(on: database, accepting: course.losses)
            let scratch = try Scratch()
            let run = try database.start(
                command, variables: CallCounts.variable(scratch).merging(["ETL_FAULT": fault]) { $1 })
            // One that waits for ever would hold up all others.
            let isOver = await eventually(within: .seconds(300)) { !run.isRunning }
            #expect(isOver, "\(place): is still running: \(run.errorsSoFar)")
            if !isOver { run.kill(9) }
            let faulty = try await run.end()
            // Either it was put up with, or no session could be had to begin with.
            let allowed = fault.contains(":kill") ? [137, course.status] : [course.status, 6]
            #expect(allowed.contains(faulty.status), "\(place): \(faulty.status) \(faulty.stderr)")
            if faulty.status != course.status {
                let between = try await database.check("--no-sql-ids")
                #expect(between.hasSuffix(asContracted), "\(place): \(between)")
                let last = try await database.start(command).end()
                #expect(last.status == course.status, "\(place), then: \(last.stderr)")
            }
            let verdict = try await database.check("--states", "--no-sql-ids", hash: course.hash)
            #expect(verdict.hasSuffix(asContracted), "\(place), at the end: \(verdict)")
            let isReached = faulty.status == 137 || CallCounts(in: scratch).reach(fault)
            let words = faulty.status == 137 ? "killed" : faulty.status == 6 ? "gave up in order" : "survived"
            return FaultEnd(words: words, isReached: isReached)
        }
    }
}

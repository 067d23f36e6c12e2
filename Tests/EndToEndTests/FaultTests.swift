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
            if Faults.isEveryWanted { print("faults (\(phase)): \(course.counts)") }
            try await Faults.tryAll(in: phase.rawValue, calls: course.counts.calls) { fault in
                try await Faults.tried(fault, in: phase.rawValue, calls: course.counts.calls) {
                    try await end(of: $0, on: course)
                }
            }
        }

        /// One case: a run with the fault, judged as it lies there, and brought to its end by another run where it has not
        /// come there by itself.
        private func end(of fault: String, on course: PhaseCourse) async throws -> FaultEnd {
            let place = "\(fault) of \(course.phase), seed \(EndToEnd.seed)"
            let database = try await course.before.copyWithRuns()
            let command = course.phase.command(on: database, accepting: course.losses)
            let (faulty, isReached) = try await database.disturbed(command, by: fault, place)
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
            return FaultEnd(faulty.status, isReached: isReached)
        }
    }
}

import Foundation
import Support
import Testing

extension Endurance {
    @Suite struct FaultTests {
        /// Chapters, how their run ends when nothing goes wrong, and how many calls it makes.
        private struct Course {
            let chapters: MemoirDatabase
            let hash: String
            let calls: Int
        }

        private static let course = Task {
            let chapters = try await MemoirDatabase.holding(
                Chapters(rows: 30, seed: 5, key: .text, content: .text, images: .json, bad: 0.1))
            let untouched = try await chapters.copy()
            #expect(try await run(untouched).status == 3)
            let verdict = try await untouched.verdict()
            #expect(verdict.hasSuffix(asContracted), "\(verdict)")
            return Course(
                chapters: chapters, hash: try await untouched.hash(),
                calls: try await Faults.calls { try await run(try await chapters.copy(), fault: $0).status })
        }

        @Test("a fault at any call to libpq changes nothing about how a run ends", arguments: Faults.kinds)
        func anyCall(fault: String) async throws {
            let course = try await Self.course.value
            for call in Faults.places(fault, among: course.calls, of: 30 / Faults.kinds.count) {
                let database = try await course.chapters.copy()
                let faulty = try await Self.run(database, fault: "\(call):\(fault)")
                if fault.hasPrefix("kill") {
                    #expect(faulty.status == 137, "call \(call)")
                } else {
                    // Either it was put up with, or no session could be had to begin with.
                    #expect([3, 6].contains(faulty.status), "call \(call): \(faulty.stderr)")
                }
                let again = try await database.etl("run", "chapter-sections", "--batch-rows", "10")
                #expect(again.status == 3, "after \(call):\(fault): \(again.stderr)")
                #expect(try await database.hash() == course.hash, "after \(call):\(fault)")
                #expect(try await database.count("etl.rejects where code = 'crashed-worker'") == 0)
            }
        }

        /// One worker, so that the calls come in much the same order every time.
        private static func run(_ database: MemoirDatabase, fault: String? = nil) async throws -> ProgramResult {
            try await database.etl(
                "run", "chapter-sections", "--batch-rows", "10", "--workers", "1", "--max-outage", "5",
                variables: fault.map { ["ETL_FAULT": $0] } ?? [:])
        }
    }
}

import Foundation
import Support
import Testing

extension Endurance {
    @Suite struct UndoFaultTests {
        /// At how many calls a fault is tried, or `all`; else at one.
        private static let wish = ProcessInfo.processInfo.environment["ETL_NTH"]
        /// More calls than the longest undoing makes.
        private static let calls = 1...300

        /// The pipelines whose undoing is disturbed: without a wish for more faults only the first one's.
        private static let pipelines =
            wish == nil ? Workflow.pipelines.prefix(1) : Workflow.pipelines[...]

        /// Chapters as they were, and with all three pipelines and both drops done, as far as their undoing is disturbed.
        private struct Course {
            let before: Set<Substring>
            let done: MemoirDatabase
        }

        private static let course = Task {
            let database = try await MemoirDatabase.holding(
                Chapters(rows: 30, seed: 71, key: .text, content: .json, images: .text, covers: .existing))
            let before = try await parts(of: database)
            #expect([0, 3].contains(try await database.etl("run", "chapter-sections").status))
            let losses = try await database.losses(of: "sections")
            let run = try await database.start(Workflow.everything(on: database, accepting: losses)).end()
            #expect([0, 3].contains(run.status), "\(run.stderr)")
            for pipeline in Workflow.pipelines.reversed() where !pipelines.contains(pipeline) {
                #expect(try await undo(pipeline, on: database).status == 0)
            }
            return Course(before: before, done: database)
        }

        @Test(
            "a fault at any call to libpq keeps no undoing from ending as it should",
            arguments: Faults.kinds.filter { $0 != "hang" })
        func anyCall(fault: String) async throws {
            let course = try await Self.course.value
            var numbers = SeededNumbers(seed: EndToEnd.seed &+ UInt64(fault.utf8.count))
            let count = Self.wish == "all" ? Self.calls.count : Self.wish.flatMap { Int($0) } ?? 1
            for call in Self.calls.shuffled(using: &numbers).prefix(count) {
                let database = try await course.done.copyWithRuns()
                for pipeline in Self.pipelines.reversed() {
                    let faulty = try await Self.undo(pipeline, on: database, fault: "\(call):\(fault)")
                    #expect([0, 6, 137].contains(faulty.status), "call \(call) of \(pipeline): \(faulty.stderr)")
                    let again = try await Self.undo(pipeline, on: database)
                    #expect(again.status == 0, "after \(call):\(fault) of \(pipeline): \(again.stderr)")
                }
                let parts = try await Self.parts(of: database)
                #expect(parts == course.before, "after \(call):\(fault), seed \(EndToEnd.seed)")
                #expect(try await database.isLeftAlone())
            }
        }

        private static func undo(
            _ pipeline: String, on database: MemoirDatabase, fault: String? = nil
        ) async throws -> ProgramResult {
            try await database.start(
                ["undo", pipeline, "--confirm", database.name, "--max-outage", "5"],
                variables: fault.map { ["ETL_FAULT": $0] } ?? [:]
            ).end()
        }

        /// A hash each of the chapters, their columns, constraints and indexes; of the other tables where they are there.
        private static func parts(of database: MemoirDatabase) async throws -> Set<Substring> {
            let lines = try await database.hash(withParts: true).split(separator: "\n")
            return Set(
                lines.filter {
                    $0.contains("chapters") || $0.contains("chapter_sections") || $0.contains("memoir_images")
                })
        }
    }
}

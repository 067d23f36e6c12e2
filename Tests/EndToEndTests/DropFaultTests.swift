import Support
import Testing

extension Endurance {
    @Suite struct DropFaultTests {
        /// What is ready to be dropped, how it ends when nothing goes wrong, and how many calls a drop makes.
        private struct Course {
            let ready: MemoirDatabase
            let losses: Losses
            let hash: String
            let calls: Int
        }

        private static let chapters = Task {
            let database = try await MemoirDatabase.holding(
                Chapters(rows: 30, seed: 61, key: .bigint, content: .json, images: .text, bad: 0.1, isCopied: true))
            #expect(try await database.start(["run"] + Workflow.pipelines).end().status == 3)
            return database
        }

        private static let courses = [
            Workflow.Drop.chapterColumns: Task { try await course(.chapterColumns) },
            Workflow.Drop.sectionImage: Task { try await course(.sectionImage) },
        ]

        @Test(
            "a fault at any call to libpq leaves of a drop all or nothing, and the next one ends as if there was none",
            arguments: Workflow.Drop.allCases, Faults.kinds)
        func anyCall(drop: Workflow.Drop, fault: String) async throws {
            guard let course = try await Self.courses[drop]?.value else { return }
            for call in Faults.places(fault, among: course.calls, of: 2) {
                let database = try await course.ready.copyWithRuns()
                let faulty = try await Self.run(drop, on: database, course.losses, fault: "\(call):\(fault)")
                if fault.hasPrefix("kill") {
                    #expect(faulty.status == 137, "call \(call)")
                } else {
                    #expect([0, 6].contains(faulty.status), "call \(call): \(faulty.stderr)")
                }
                let left = try await database.columnsLeft(by: drop)
                let archived = try await database.count("etl.archives")
                #expect(left == (archived == 1 ? 0 : drop.columns.names.count), "after \(call):\(fault)")
                let again = try await Self.run(drop, on: database, course.losses)
                #expect(again.status == 0, "after \(call):\(fault): \(again.stderr)")
                #expect(try await database.hash() == course.hash, "after \(call):\(fault)")
            }
        }

        private static func course(_ drop: Workflow.Drop) async throws -> Course {
            let ready = try await chapters.value
            let losses = drop == .chapterColumns ? try await ready.losses(of: "sections") : Losses(rejects: 0, keys: [])
            let untouched = try await ready.copyWithRuns()
            let dropped = try await run(drop, on: untouched, losses)
            #expect(dropped.status == 0, "\(dropped.stderr)")
            #expect(try await untouched.columnsLeft(by: drop) == 0)
            let verdict = try await untouched.wholeVerdict()
            #expect(verdict.hasSuffix(asContracted), "\(verdict)")
            let calls = try await Faults.calls {
                try await run(drop, on: try await ready.copyWithRuns(), losses, fault: $0).status
            }
            return Course(ready: ready, losses: losses, hash: try await untouched.hash(), calls: calls)
        }

        private static func run(
            _ drop: Workflow.Drop, on database: MemoirDatabase, _ losses: Losses, fault: String? = nil
        ) async throws -> ProgramResult {
            let consent = ["--confirm", database.name] + (losses.rejects > 0 ? losses.arguments : losses.keyArguments)
            return try await database.start(
                drop.command + consent + ["--workers", "1", "--max-outage", "5"],
                variables: fault.map { ["ETL_FAULT": $0] } ?? [:]
            ).end()
        }
    }
}

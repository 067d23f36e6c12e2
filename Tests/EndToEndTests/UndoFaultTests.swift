import Foundation
import Support
import Testing

extension Endurance {
    @Suite struct UndoFaultTests {
        /// The undoing of one pipeline, when nobody interferes.
        private struct Course {
            let pipeline: String
            /// What it begins with.
            let before: MemoirDatabase
            let partsAfter: Set<Substring>
            let calls: Int
        }

        /// The undoing of all three pipelines with both drops, one after the other, and that of one pass; either ends with chapters
        /// as they were.
        private static let courses = Task {
            let chapters = try await original()
            return try await (isAsked ? inRow(from: chapters) : []) + onePass(from: chapters)
        }

        /// Without a wish for more faults only the undoing of one pass is disturbed, at one call.
        private static var isAsked: Bool { Faults.isEveryWanted || Faults.wanted != nil }

        private static func original() async throws -> MemoirDatabase {
            let chapters = try await MemoirDatabase.holding(
                Chapters(rows: 30, seed: 71, key: .text, content: .json, images: .text, covers: .existing))
            // What goes with the columns has to come back with them.
            _ = try await chapters.psql(
                """
                alter table chapters alter column content set default '"new"', alter column content set not null,
                      add constraint few_words check (length(content::text) < 100000);
                create index on chapters (md5(content::text)) where images is not null;
                create unique index on chapters (id, md5(images))
                """)
            return chapters
        }

        private static func inRow(from original: MemoirDatabase) async throws -> [Course] {
            var database = try await original.copy()
            #expect([0, 3].contains(try await database.etl("run", "chapter-sections").status))
            let losses = try await database.losses(of: "sections")
            let run = try await database.start(Workflow.everything(on: database, accepting: losses)).end()
            #expect([0, 3].contains(run.status), "\(run.stderr)")
            var courses: [Course] = []
            for pipeline in Workflow.pipelines.reversed() {
                let (course, after) = try await Self.course(of: pipeline, on: database)
                courses.append(course)
                database = after
            }
            #expect(try await parts(of: database) == parts(of: original))
            return courses
        }

        private static func onePass(from original: MemoirDatabase) async throws -> [Course] {
            let database = try await original.copy()
            #expect([0, 3].contains(try await database.etl("run", "memoir").status))
            let losses = try await database.losses(of: Workflow.Way.onePass.stagesOfLosses)
            let run = try await database.start(
                Workflow.Way.onePass.everything(on: database, accepting: losses)
            ).end()
            #expect([0, 3].contains(run.status), "\(run.stderr)")
            let (course, after) = try await Self.course(of: "memoir", on: database)
            #expect(try await parts(of: after) == parts(of: original))
            return [course]
        }

        /// An undoing that nobody disturbs, and what it left.
        private static func course(
            of pipeline: String, on database: MemoirDatabase
        ) async throws -> (Course, after: MemoirDatabase) {
            let after = try await database.copyWithRuns()
            let scratch = try Scratch()
            let undone = try await undo(pipeline, on: after, variables: CallCounts.variable(scratch))
            #expect(undone.status == 0, "\(undone.stderr)")
            let course = Course(
                pipeline: pipeline, before: database, partsAfter: try await parts(of: after),
                calls: CallCounts(in: scratch).calls)
            return (course, after)
        }

        @Test("a fault at any call to libpq keeps no undoing from ending as it should", arguments: Faults.kinds)
        func anyCall(fault: String) async throws {
            var count = FaultCount()
            for course in try await Self.courses.value where Faults.isWanted(in: course.pipeline) {
                count = try await count + tried(fault, on: course)
            }
            print("faults (undo, \(fault)): seed \(EndToEnd.seed), \(count)")
        }

        private func tried(_ fault: String, on course: Course) async throws -> FaultCount {
            if Faults.isEveryWanted {
                return try await Faults.tried(atAllMomentsOf: fault) { try await end(of: $0, on: course) }
            }
            var numbers = SeededNumbers(seed: EndToEnd.seed &+ UInt64(fault.utf8.count))
            let calls = (1...course.calls).shuffled(using: &numbers).prefix(Faults.wanted ?? 1)
            return try await Faults.tried(fault, atCalls: calls) { try await end(of: $0, on: course) }
        }

        /// One case: an undoing with the fault, and another that brings it to its end.
        private func end(of fault: String, on course: Course) async throws -> FaultEnd {
            let place = "\(fault) of \(course.pipeline), seed \(EndToEnd.seed)"
            let database = try await course.before.copyWithRuns()
            let scratch = try Scratch()
            let faulty = try await Self.undo(
                course.pipeline, on: database,
                variables: CallCounts.variable(scratch).merging(["ETL_FAULT": fault]) { $1 })
            #expect([0, 6, 137].contains(faulty.status), "\(place): \(faulty.stderr)")
            let again = try await Self.undo(course.pipeline, on: database)
            #expect(again.status == 0, "\(place), then: \(again.stderr)")
            let parts = try await Self.parts(of: database)
            #expect(parts == course.partsAfter, "\(place)")
            #expect(try await database.isLeftAlone(), "\(place)")
            let isReached = faulty.status == 137 || CallCounts(in: scratch).reach(fault)
            return FaultEnd(words: "ended with \(faulty.status)", isReached: isReached)
        }

        private static func undo(
            _ pipeline: String, on database: MemoirDatabase, variables: [String: String] = [:]
        ) async throws -> ProgramResult {
            try await database.start(
                ["undo", pipeline, "--confirm", database.name, "--max-outage", "5"], variables: variables
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

import Foundation
import Support
import Testing

extension Endurance {
    @Suite struct UndoFaultTests {
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

        private static func inRow(from original: MemoirDatabase) async throws -> [CommandCourse] {
            var database = try await original.copy()
            #expect([0, 3].contains(try await database.etl("run", "chapter-sections").status))
            let losses = try await database.losses(of: "sections")
            let run = try await database.start(Workflow.everything(on: database, accepting: losses)).end()
            #expect([0, 3].contains(run.status), "\(run.stderr)")
            var courses: [CommandCourse] = []
            for pipeline in Workflow.pipelines.reversed() {
                let course = try await CommandCourse(pipeline, ["undo", pipeline], leaving: .undone, on: database)
                courses.append(course)
                database = course.after
            }
            #expect(try await CommandTrace.undone.end(of: database) == CommandTrace.undone.end(of: original))
            return courses
        }

        private static func onePass(from original: MemoirDatabase) async throws -> [CommandCourse] {
            let database = try await original.copy()
            #expect([0, 3].contains(try await database.etl("run", "memoir").status))
            let losses = try await database.losses(of: Workflow.Way.onePass.stagesOfLosses)
            let run = try await database.start(
                Workflow.Way.onePass.everything(on: database, accepting: losses)
            ).end()
            #expect([0, 3].contains(run.status), "\(run.stderr)")
            let course = try await CommandCourse("memoir", ["undo", "memoir"], leaving: .undone, on: database)
            #expect(try await CommandTrace.undone.end(of: course.after) == CommandTrace.undone.end(of: original))
            return [course]
        }

        @Test("a fault at any call to libpq keeps no undoing from ending as it should", arguments: Faults.kinds)
        func anyCall(fault: String) async throws {
            var count = FaultCount()
            for course in try await Self.courses.value where Faults.isWanted(in: course.name) {
                count = try await count + course.tried(fault, usually: 1...1)
            }
            print("faults (undo, \(fault)): seed \(EndToEnd.seed), \(count)")
        }
    }
}

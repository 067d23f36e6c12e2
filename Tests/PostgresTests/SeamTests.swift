#if ETL_FAULTS
    import Postgres
    import Support
    import Testing

    @Suite("A call to libpq that goes wrong")
    struct SeamTests {
        /// How a session's transaction ended, for its caller and in truth.
        private struct End: Sendable {
            let call: Int
            let error: PostgresError?
            let isStored: Bool
            /// Whether the session made fewer calls than the fault waited for.
            let isUntouched: Bool

            var isUnknown: Bool { if case .commitUnknown = error { true } else { false } }
        }

        @Test(
            "ends a session in time and never lies about its commit, whichever call it is",
            arguments: [Seam.Fault.fail, .hang, .cut, .cutAfter])
        func everyCall(fault: Seam.Fault) async throws {
            let database = try await blocking { try TestServer.shared.database() }
            try await blocking { _ = try database.psql("create table marks (call int); create table copies (n int)") }
            var ends: [End] = []
            // How many calls a session takes varies with how its answers arrive, so one pass may step over the very call
            // that sends COMMIT.
            for _ in 0..<5 where !Self.isTelling(ends, fault) {
                ends += try await Self.pass(of: fault, in: database)
                _ = try await blocking { try database.psql("truncate marks") }
            }
            #expect(ends.contains { $0.isUntouched })
            for end in ends {
                let error = String(describing: end.error)
                #expect(!end.isUntouched || end.error == nil, "call \(end.call) was never reached: \(error)")
                #expect(end.isUnknown || end.isStored == (end.error == nil), "call \(end.call): \(error)")
                #expect(end.error?.endsSession ?? true, "call \(end.call): \(error)")
            }
            #expect(ends.contains { $0.isUnknown })
            #expect(Self.isTelling(ends, fault))
        }

        /// Whether the ends show a commit whose outcome was not heard, as the fault makes it: cut before COMMIT is sent it
        /// has not happened; after, it has; and nobody here can tell.
        private static func isTelling(_ ends: [End], _ fault: Seam.Fault) -> Bool {
            switch fault {
            case .cutAfter: ends.contains { $0.isUnknown && $0.isStored }
            case .cut: ends.contains { $0.isUnknown && !$0.isStored }
            default: ends.contains { $0.isUnknown }
            }
        }

        /// The fault at each call in turn, until a session is not touched by it.
        private static func pass(of fault: Seam.Fault, in database: TestDatabase) async throws -> [End] {
            var ends: [End] = []
            repeat {
                // Some at once, because a call that hangs is only waited for.
                let calls = ends.count + 1...ends.count + 12
                ends += try await withThrowingTaskGroup(of: End.self) { group in
                    for call in calls {
                        group.addTask { try await blocking { try end(of: fault, atCall: call, in: database) } }
                    }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
            } while !ends.contains { $0.isUntouched } && ends.count < 1_000
            return ends
        }

        private static func end(of fault: Seam.Fault, atCall call: Int, in database: TestDatabase) throws -> End {
            let seam = Seam(fault, at: .call(call))
            var failure: PostgresError?
            do {
                try session(database, through: seam, mark: call)
            } catch let error as PostgresError {
                failure = error
            }
            let observer = try database.connect()
            // A backend whose session was cut may still be committing.
            while try observer.value(
                "select count(*) from pg_stat_activity where application_name = \(.text("etl call \(call)"))") != "0"
            {}
            let stored = try observer.value("select count(*) from public.marks where call = \(call)")
            return End(call: call, error: failure, isStored: stored == "1", isUntouched: seam.calls < call)
        }

        /// A session that uses everything once.
        private static func session(_ database: TestDatabase, through seam: Seam, mark: Int) throws {
            let connection = try Connection(
                to: database.connectionTarget(), name: "etl call \(mark)", seam: seam)
            try connection.transaction { transaction in
                try transaction.run("insert into public.marks values (\(mark))")
                try transaction.copyIn(numbers(1...3), into: "public.copies", columns: [Identifier("n")])
                try transaction.copyOut("select n from generate_series(1, 3) n") { _ in }
                try transaction.savepoint { _ = try transaction.run("select \(.int(1))") }
            }
        }

        @Test("is counted: as many calls in one session as in the next, or nearly")
        func counting() async throws {
            let (first, second) = try await blocking {
                let (first, second) = (Seam(), Seam())
                for seam in [first, second] {
                    _ = try Connection(to: Shared.database.connectionTarget(), name: "etl test", seam: seam).value(
                        "select 1")
                }
                return (first.calls, second.calls)
            }
            #expect(first > 8)
            #expect(abs(first - second) < 8)
        }
    }
#endif

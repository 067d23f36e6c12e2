import Foundation
import Support
import Testing

extension Company {
    @Suite struct ClockTests {
        @Test("clocks that jump by years, and other time zones, change nothing for those who share a run with the dead")
        func jumps() async throws {
            let scratch = try Scratch()
            let clock = try await Self.jumpingClock(in: scratch)
            let database = try await LongRun.database()
            let begun = try await database.psql("select clock_timestamp()")
            func start(in zone: String) throws -> RunningProgram {
                try database.start(
                    LongRun.command + ["--join", "--log-file", "\(scratch.path)/etl.log"],
                    variables: ["LD_PRELOAD": clock, "TZ": zone])
            }
            let dead = try start(in: "Pacific/Kiritimati")
            #expect(try await database.awaitChunks(3))
            let helper = try start(in: "Pacific/Niue")
            dead.kill(SIGKILL)
            _ = try await dead.end()
            let end = try await helper.end()
            #expect(end.status == 3, "\(end.stderr)")
            let verdict = try await database.verdict()
            #expect(verdict.hasSuffix(asContracted), "\(verdict)")

            let years = Set(try scratch.text("etl.log").split(separator: "\n").map { $0.prefix(4) })
            #expect(years.count > 1, "its clock did not jump")
            let times = [
                "started_at from etl.runs", "finished_at from etl.runs", "started_at from etl.stages",
                "finished_at from etl.stages", "started_at from etl.workers", "claimed_at from etl.chunks",
                "finished_at from etl.chunks", "rejected_at from etl.rejects",
            ]
            for time in times {
                let found = try await database.psql(
                    """
                    select count(*) > 0 and bool_and(time between '\(begun)' and clock_timestamp())
                      from (select \(time)) t (time) where time is not null
                    """)
                #expect(found == "t", "\(time)")
            }
        }

        /// A library to be loaded first, which lets every look at the wall's clock see another decade.
        private static func jumpingClock(in scratch: Scratch) async throws -> String {
            let source = "\(scratch.path)/clock.c"
            try """
            #define _GNU_SOURCE
            #include <dlfcn.h>
            #include <stdatomic.h>
            #include <time.h>
            int clock_gettime(clockid_t clock, struct timespec *now) {
                static const time_t jumps[] = {0, 315360000, -315360000, 3600, -3600};
                static atomic_uint looks;
                int (*real)(clockid_t, struct timespec *) = dlsym(RTLD_NEXT, "clock_gettime");
                int result = real(clock, now);
                if (clock == CLOCK_REALTIME) now->tv_sec += jumps[atomic_fetch_add(&looks, 1) % 5];
                return result;
            }
            """.write(toFile: source, atomically: true, encoding: .utf8)
            let library = "\(scratch.path)/clock.so"
            let compiled = try await RunningProgram("clang", arguments: ["-shared", "-fPIC", "-o", library, source])
                .end()
            try #require(compiled.status == 0, "\(compiled.stderr)")
            return library
        }
    }
}

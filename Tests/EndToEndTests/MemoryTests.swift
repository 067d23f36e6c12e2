import Foundation
import Support
import Testing

extension Endurance {
    /// The small version of `scripts/memory`, which tries large tables on a release.
    @Suite struct MemoryTests {
        @Test("eight workers on documents of 1 MB, moved and verified, take no more than 256 MB")
        func large() async throws {
            let database = try await MemoirDatabase.empty()
            // One long text, a few hundred sections, thousands of tiny ones; each kind as often as there are workers.
            try await database.psql(
                """
                create table chapters (id uuid primary key, content jsonb, images jsonb);
                insert into chapters
                select md5(format('%s %s', kind, copy))::uuid, content, '["cover.jpg"]'
                  from (select kind, jsonb_agg(jsonb_build_object('text', part)) as content
                          from (values (0, 31000), (1, 100), (2, 8)) as kinds (kind, size),
                               lateral (select string_agg(md5(j::text), '') as part
                                          from generate_series(1, case kind when 2 then 10000 else 31000 end) j
                                         group by j / size) parts
                         group by kind) documents, generate_series(1, 8) copy
                """)
            let run = try database.start(["run", "chapter-sections", "--workers", "8"])
            var peak = 0
            while run.isRunning {
                peak = max(peak, Self.peak(of: run.pid))
                try await Task.sleep(for: .milliseconds(20))
            }
            let end = try await run.end()
            #expect(end.status == 0, "\(end.stderr)")
            #expect((1...256 * 1024).contains(peak), "\(peak) kB")
        }

        /// The most memory that a process has had at once, in kilobytes.
        private static func peak(of pid: Int32) -> Int {
            let status = try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
            let line = status?.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
            return line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) } ?? 0
        }
    }
}

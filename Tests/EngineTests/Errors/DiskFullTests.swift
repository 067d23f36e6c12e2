import Foundation
import Glibc
import Postgres
import PostgresSandbox
import Support
import Testing

@testable import Engine

/// A file system of a size of its own, where the machine lets us make one.
final class SmallDisk: Sendable {
    let directory: String

    /// Whether one can be made here.
    static let isPossible: Bool = geteuid() == 0 && (try? SmallDisk(kilobytes: 64)) != nil

    init(kilobytes: Int) throws {
        directory = "/tmp/etl-disk-\(UUID().uuidString.prefix(8))"
        mkdir(directory, 0o755)
        let result = try runProgram(
            "mount", arguments: ["-t", "tmpfs", "-o", "size=\(kilobytes)k,mode=777", "tmpfs", directory])
        guard result.status == 0 else {
            rmdir(directory)
            throw POSIXError(.EPERM)
        }
    }

    /// Gives it another size.
    func grow(toKilobytes size: Int) throws {
        _ = try runProgram("mount", arguments: ["-o", "remount,size=\(size)k", directory])
    }

    deinit {
        umount2(directory, Int32(MNT_DETACH))
        rmdir(directory)
    }
}

@Suite("A disk that is full")
struct DiskFullTests {
    @Test(
        "holds a run up; when there is room again it goes on, and nothing is lost or half done",
        .enabled(if: SmallDisk.isPossible, "file systems cannot be mounted here"))
    func full() async throws {
        let disk = try SmallDisk(kilobytes: 300)
        let server = TestServer(try await blocking { try Sandbox.lend() })
        let memoir = try await Memoir(0, limits: BatchLimits(rows: 10, workers: 1), on: server)
        var facts = stat()
        stat(server.sandbox.socketDirectory, &facts)
        chown(disk.directory, facts.st_uid, facts.st_gid)
        try await memoir.psql(
            """
            insert into chapters (id, content) select md5(i::text)::uuid,
                   to_jsonb((select string_agg(md5(format('%s %s', i, j)), ' ') from generate_series(1, 60) j))
              from generate_series(1, 200) i
            """)
        try await memoir.psql("create tablespace small location '\(disk.directory)'")
        try await memoir.psql("alter database \(memoir.database.name) set default_tablespace = small")
        let recorder = Recorder { event in
            if case .retrying = event { #expect(throws: Never.self) { try disk.grow(toKilobytes: 50_000) } }
        }
        #expect(try await memoir.run(reporter: recorder).outcomes == [200, 200, 0, 0, 0])
        #expect(recorder.retries.first?.contains("(SQLSTATE 53100)") == true, "\(recorder.retries)")
        #expect(try await memoir.verify().hasPassed)
    }
}

import Foundation
import Glibc
import Support
import Synchronization
import Testing

@testable import Engine
@testable import Postgres

@Suite("A server whose surroundings fail it")
struct ServerFaultTests {
    @Test("because its files were replaced under it ends the run with what to do, and mended it goes on")
    func filesReplaced() async throws {
        let memoir = try await Memoir(4, limits: BatchLimits(rows: 2, workers: 1))
        try await memoir.run(until: "tables")
        // What a session finds that comes after an upgrade of the package: the library is another one, or none.
        try await memoir.psql(
            """
            create function touch() returns trigger language plpgsql as 'begin return new; end';
            create trigger touch before insert on chapter_sections for each row execute function touch();
            update pg_proc set probin = '$libdir/gone' where proname = 'plpgsql_call_handler'
            """)
        let failure = try await memoir.failure { try await memoir.run() }
        #expect(failure.kind == .failed && failure.what.contains("(SQLSTATE 58P01)"), "\(failure.what)")
        #expect(failure.next?.contains("restart it after an upgrade") == true)
        try await memoir.psql("update pg_proc set probin = '$libdir/plpgsql' where proname = 'plpgsql_call_handler'")
        #expect(try await memoir.run().outcomes == [4, 4, 0, 0, 0])
    }

    @Test("by a limit on temporary files is put up with for a while, and says what to raise")
    func temporaryFiles() async throws {
        // To cut the chunks all keys are sorted, which takes more than the server's own tables do.
        let memoir = try await Memoir(32_000, limits: BatchLimits(rows: 1000, workers: 1))
        let name = memoir.database.name
        try await memoir.psql(
            """
            alter database \(name) set temp_file_limit = 600; alter database \(name) set work_mem = '64kB';
            alter database \(name) set enable_indexscan = off; alter database \(name) set enable_indexonlyscan = off
            """)
        let interruption = Interruption()
        let recorder = Recorder { event in
            if case .retrying = event { interruption.requestStop(signal: 15) }
        }
        let end = try await memoir.failure { try await memoir.run(reporter: recorder, interruption: interruption) }
        #expect(end.kind == .stopped(signal: 15))
        #expect(recorder.retries.first?.contains("(SQLSTATE 53400)") == true, "\(recorder.retries)")
        let limit = ServerError(severity: "ERROR", sqlstate: "53400", message: "planted")
        #expect(Failure(.refused(limit), while: "x").next?.contains("temp_file_limit") == true)
    }

    @Test("by a limit on the size of files ends the run with what to do; the limit raised, it goes on")
    func fileSize() async throws {
        let mortal = try await blocking { try MortalServer() }
        let memoir = try await Memoir(0, limits: BatchLimits(rows: 4, workers: 1), on: mortal.server)
        // More than the limit, which must leave room for a segment of WAL.
        try await memoir.psql(
            """
            insert into chapters (id, content)
            select md5(i::text)::uuid, to_jsonb(t) from generate_series(1, 22) i,
                   (select string_agg(md5(j::text), '') as t from generate_series(1, 31000) j) large
            """)
        try await limit(mortal, to: "\(17 << 20)")
        let failure = try await memoir.failure { try await memoir.run() }
        #expect(failure.kind == .failed && failure.what.contains("File too large"), "\(failure.what)")
        #expect(failure.next?.contains("ulimit -f") == true)
        try await limit(mortal, to: "unlimited")
        #expect(try await memoir.run().outcomes == [22, 22, 0, 0, 0])
    }

    /// Limits the files of the server's processes that are started from now on.
    private func limit(_ mortal: MortalServer, to bytes: String) async throws {
        let pid = try #require(mortal.send(0))
        let end = try await blocking {
            var facts = stat()
            stat("/proc/\(pid)", &facts)
            // Root may not do this to others where it is kept small; who runs the server may.
            let owner = ["--reuid=\(facts.st_uid)", "--regid=\(facts.st_gid)", "--clear-groups"]
            let words =
                (geteuid() == 0 ? ["setpriv"] + owner : []) + ["prlimit", "--fsize=\(bytes):", "--pid", "\(pid)"]
            return try runProgram(words[0], arguments: Array(words.dropFirst()))
        }
        #expect(end.status == 0, "\(end.stderr)")
    }

    @Test(
        "by a full disk under its WAL, of which it dies, is waited for, and comes back to a run that lost nothing",
        .enabled(if: SmallDisk.isPossible, "file systems cannot be mounted here"))
    func fullWAL() async throws {
        let mortal = try await blocking { try MortalServer() }
        var patient = try await Memoir(20, limits: BatchLimits(rows: 2, workers: 2), on: mortal.server)
        patient.deadlines.outage = 120
        let memoir = patient
        let disk = try SmallDisk(kilobytes: 80_000)
        try await blocking {
            mortal.end(SIGINT)
            try mortal.moveWAL(to: disk.directory)
            try mortal.start()
        }
        let filler = disk.directory + "/filler"
        let isDead = Mutex(false)
        let recorder = Recorder { event in
            switch event {
            case .progress(let progress) where progress.rowsHere >= 4:
                isDead.withLock { isDead in
                    if isDead { return }
                    isDead = true
                    // Whatever is left on the disk, and then what WAL is there already.
                    _ = try? runProgram("dd", arguments: ["if=/dev/zero", "of=\(filler)", "bs=64k"])
                    while (try? memoir.database.psql(
                        "create table filled (); drop table filled; select pg_switch_wal()"))
                        != nil
                    {}
                }
            case .retrying:
                isDead.withLock { isDead in
                    if !isDead || unlink(filler) != 0 { return }
                    #expect(throws: Never.self) { try mortal.start() }
                }
            default: break
            }
        }
        #expect(try await memoir.run(reporter: recorder).outcomes == [20, 20, 0, 0, 0])
        #expect(isDead.withLock { $0 })
        #expect(!recorder.retries.isEmpty)
        #expect(try await memoir.content() == Memoir(20).migrated())
        withExtendedLifetime(disk) { mortal.end(SIGQUIT) }
    }
}

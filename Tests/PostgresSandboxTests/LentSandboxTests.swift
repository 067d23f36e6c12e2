import Foundation
import PostgresSandbox
import Support
import Testing

@Suite struct LentSandboxTests {
    @Test("a lent server answers, and speaks UTF8 in the C.UTF-8 locale")
    func answers() throws {
        let database = try TestServer.shared.database()
        #expect(
            try database.psql(
                "show server_encoding; select datcollate from pg_database where datname = current_database()")
                == "UTF8\nC.UTF-8")
    }

    @Test("two lent servers have nothing to do with each other")
    func independence() async throws {
        let (first, second) = try await blocking { (try Sandbox.lend(), try Sandbox.lend()) }
        #expect(first.socketDirectory != second.socketDirectory)
        _ = try await blocking { try first.query("create table only_here ()") }
        #expect(try second.query("select to_regclass('only_here') is null") == "t")
    }

    @Test("settings that are passed in win over the server's own")
    func settings() async throws {
        let sandbox = try await blocking { try Sandbox.lend(settings: ["timezone": "Asia/Tokyo"]) }
        #expect(try sandbox.query("show timezone") == "Asia/Tokyo")
    }

    @Test("a server that cannot start says why at once, and leaves no directory")
    func refusal() async throws {
        let error = await #expect(throws: SandboxError.self) {
            _ = try await blocking { try Sandbox.lend(settings: ["no_such_setting": "1"]) }
        }
        #expect(error?.description.contains("no_such_setting") == true)
    }

    @Test("stopping ends the server and removes its directory; stopping again is no error")
    func stop() async throws {
        let sandbox = try await blocking { try Sandbox.lend() }
        let server = try serverProcess(of: sandbox)
        try await blocking {
            try sandbox.stop()
            try sandbox.stop()
        }
        #expect(!isAlive(server))
        #expect(!exists(sandbox.socketDirectory))
    }

    @Test("a server that nobody refers to any more is stopped")
    func release() async throws {
        let directory = try await blocking { try Sandbox.lend().socketDirectory }
        #expect(!exists(directory))
    }

    @Test("a process that is killed with -9 leaves neither its server nor its directory")
    func killedOwner() async throws {
        let note = temporaryPath()
        defer { try? FileManager.default.removeItem(atPath: note) }
        await #expect(processExitsWith: .signal(SIGKILL)) { [note = note as String] in
            let sandbox = try Sandbox.lend()
            let facts = try "\(sandbox.socketDirectory)\n\(serverProcess(of: sandbox))"
            try facts.write(toFile: note, atomically: true, encoding: .utf8)
            kill(getpid(), SIGKILL)
        }
        let facts = try String(contentsOfFile: note, encoding: .utf8).split(separator: "\n").map(String.init)
        let server = try #require(Int32(facts[1]))
        #expect(await eventually { !isAlive(server) && !exists(facts[0]) })
    }

    @Test("a supervisor that is killed takes its server along")
    func killedSupervisor() async throws {
        let sandbox = try await blocking { try Sandbox.lend() }
        let server = try serverProcess(of: sandbox)
        kill(try parent(of: server), SIGKILL)
        #expect(await eventually { !isAlive(server) })
        try await blocking { try sandbox.stop() }
        #expect(await eventually { !exists(sandbox.socketDirectory) })
    }

    @Test("the server holds no descriptor of the process that started it")
    func descriptors() async throws {
        let note = temporaryPath()
        let descriptor = open(note, O_CREAT | O_RDWR, 0o600)
        defer {
            close(descriptor)
            unlink(note)
        }
        let sandbox = try await blocking { try Sandbox.lend() }
        let held = try openFiles(of: serverProcess(of: sandbox))
        #expect(!held.isEmpty)
        #expect(!held.contains(note))
    }
}

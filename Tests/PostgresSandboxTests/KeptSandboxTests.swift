import Foundation
import PostgresSandbox
import Support
import Testing

@Suite struct KeptSandboxTests {
    @Test("a kept server outlives the process that started it, and is found again")
    func survival() async throws {
        try await withPlace { place in
            await #expect(processExitsWith: .success) { [place = place as String] in
                _ = try Sandbox.keep(at: place)
            }
            let found = try #require(try await blocking { try Sandbox.kept(at: place) })
            #expect(try found.query("select 1") == "1")
        }
    }

    @Test("starting a server that is up changes nothing")
    func startTwice() async throws {
        try await withPlace { place in
            let (first, second) = try await blocking {
                (try serverProcess(of: Sandbox.keep(at: place)), try serverProcess(of: Sandbox.keep(at: place)))
            }
            #expect(first == second)
        }
    }

    @Test("of several processes that start it at once, all get the same server")
    func startTogether() async throws {
        try await withPlace { place in
            let servers = try await withThrowingTaskGroup(of: Int32.self) { group in
                for _ in 0..<4 {
                    group.addTask { try await blocking { try serverProcess(of: Sandbox.keep(at: place)) } }
                }
                return try await group.reduce(into: Set()) { $0.insert($1) }
            }
            #expect(servers.count == 1)
        }
    }

    @Test("data outlive a stop; a stopped server is not found")
    func stopAndStart() async throws {
        try await withPlace { place in
            let kept = try await blocking {
                let sandbox = try Sandbox.keep(at: place)
                _ = try sandbox.query("create table kept as select 7 as n")
                try sandbox.stop()
                try sandbox.stop()
                return try Sandbox.kept(at: place)
            }
            #expect(kept == nil)
            let again = try await blocking { try Sandbox.keep(at: place) }
            #expect(try again.query("select n from kept") == "7")
        }
    }

    @Test("a server that was killed with -9 starts again")
    func crash() async throws {
        try await withPlace { place in
            let server = try await blocking { try serverProcess(of: Sandbox.keep(at: place)) }
            kill(server, SIGKILL)
            let again = try await blocking { try Sandbox.keep(at: place) }
            #expect(try again.query("select 1") == "1")
        }
    }

    @Test("it is durable: nothing is switched off for speed")
    func durability() async throws {
        try await withPlace { place in
            let sandbox = try await blocking { try Sandbox.keep(at: place) }
            #expect(try sandbox.query("show fsync; show full_page_writes; show synchronous_commit") == "on\non\non")
        }
    }

    @Test("whatever the umask, others cannot enter its directory and the server can", arguments: [0o000, 0o777])
    func modes(mask: Int) async throws {
        try await withPlace { place in
            await #expect(processExitsWith: .success) { [place = place as String, mask = mask as Int] in
                umask(mode_t(mask))
                _ = try Sandbox.keep(at: place)
            }
            let mode = try mode(of: place)
            #expect(mode == 0o700)
            let kept = try await blocking { try Sandbox.kept(at: place) }
            #expect(kept != nil)
        }
    }

    @Test("a symbolic link, another's directory and an open one are refused, and stay as they were")
    func foreignPlaces() throws {
        let target = temporaryPath()
        let link = temporaryPath()
        let open = temporaryPath()
        mkdir(target, 0o700)
        symlink(target, link)
        mkdir(open, 0o755)
        defer { [target, link, open].forEach { try? FileManager.default.removeItem(atPath: $0) } }
        try "mine".write(toFile: open + "/file", atomically: true, encoding: .utf8)

        #expect(refusal(of: link)?.contains("symbolic links are not followed") == true)
        #expect(refusal(of: "/proc/1/fd") != nil)
        #expect(refusal(of: open) != nil)
        #expect(try FileManager.default.contentsOfDirectory(atPath: target) == [])
        #expect(try FileManager.default.contentsOfDirectory(atPath: open) == ["file"])
    }

    @Test("a directory that the server's account cannot reach is refused by name", .enabled(if: geteuid() == 0))
    func unreachablePlace() throws {
        let closed = temporaryPath()
        mkdir(closed, 0o700)
        defer { try? FileManager.default.removeItem(atPath: closed) }
        #expect(refusal(of: closed + "/kept")?.contains("every directory above needs mode o+x") == true)
    }

    @Test("a directory whose socket would have too long a name is refused")
    func longPlace() throws {
        let long = "/tmp/etl-test-" + String(repeating: "x", count: 90)
        defer { try? FileManager.default.removeItem(atPath: long) }
        #expect(refusal(of: long)?.contains("too long for a Unix socket") == true)
    }

    private func refusal(of place: String) -> String? {
        do {
            try Sandbox.keep(at: place).stop()
            return nil
        } catch {
            return error.description
        }
    }

    /// Lends a place for a kept server, which is stopped and removed afterwards.
    private func withPlace(_ body: (String) async throws -> Void) async throws {
        let place = temporaryPath()
        defer {
            try? Sandbox.kept(at: place)?.stop()
            try? FileManager.default.removeItem(atPath: place)
        }
        try await body(place)
    }
}

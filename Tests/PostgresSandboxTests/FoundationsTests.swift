import Foundation
import Support
import Testing

@testable import PostgresSandbox

@Suite struct FoundationsTests {
    @Test(
        "a server's version is read from what it says",
        arguments: [
            ("postgres (PostgreSQL) 15.6 (Debian 15.6-0+deb12u1)", 15, 6), ("postgres (PostgreSQL) 17.0", 17, 0),
            ("postgres (PostgreSQL) 18beta1", 18, 0), ("postgres (PostgreSQL) 9.6.24", 9, 6),
        ])
    func versions(answer: String, major: Int, minor: Int) throws {
        let version = try #require(ServerBinaries.version(in: answer))
        #expect(version == (major, minor))
    }

    @Test("templates made at once by several are one, whole, and leave nothing else")
    func templatesTogether() async throws {
        let home = SandboxHome(path: temporaryPath())
        mkdir(home.path, 0o711)
        chmod(home.path, 0o711)
        defer { try? FileManager.default.removeItem(atPath: home.path) }
        let account = try ServerAccount.choose()
        let binaries = try ServerBinaries.find()
        let directories = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<3 {
                group.addTask {
                    try await blocking {
                        try ClusterTemplate.ready(for: binaries, account: account, home: home).dataDirectory
                    }
                }
            }
            return try await group.reduce(into: Set()) { $0.insert($1) }
        }
        #expect(directories.count == 1)
        #expect(try FileManager.default.contentsOfDirectory(atPath: home.path).count == 1)
        #expect(directories.allSatisfy { exists($0 + "/PG_VERSION") })
    }

    @Test("a leftover is swept; a directory in use, a young one and other people's files are not")
    func sweep() throws {
        let account = try ServerAccount.choose()
        let parent = temporaryPath()
        mkdir(parent, 0o711)
        chmod(parent, 0o711)
        defer { try? FileManager.default.removeItem(atPath: parent) }
        let used = try PrivateDirectory(fresh: "\(parent)/lent-", for: account)
        let leftover = try { () throws -> String in
            try PrivateDirectory(fresh: "\(parent)/lent-", for: account).path
        }()
        try "mine".write(toFile: "\(parent)/lent-file", atomically: true, encoding: .utf8)

        PrivateDirectory.sweep(in: parent, prefix: "lent-", for: account)
        #expect(exists(leftover))
        PrivateDirectory.sweep(in: parent, prefix: "lent-", for: account, olderThan: 0)
        #expect(!exists(leftover))
        #expect(exists(used.path))
        #expect(exists("\(parent)/lent-file"))
    }

    @Test("a URL holds every byte of a database's name")
    func urls() throws {
        let url = try TestServer.shared.sandbox.url(database: "a/é?%")
        #expect(url.hasPrefix("postgresql:///a%2F%C3%A9%3F%25?host=%2F"))
    }
}

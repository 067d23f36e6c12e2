import Foundation
import Testing

@testable import Pipelines

@Suite("Files are read inside the project only")
struct ProjectFilesTests {
    /// Why a path is not read in this project; nil when it is.
    private func fault(_ path: String, in project: ProjectFixture) -> ProjectFiles.Fault? {
        do throws(ProjectFiles.Fault) {
            _ = try ProjectFiles(directory: project.directory.path).read(path)
            return nil
        } catch {
            return error
        }
    }

    @Test(
        "so paths that are not below its directory are refused as such",
        arguments: ["", "/", "/etc/passwd", "..", "../x", "sql/../sql/check.sql", "sql/..", "a\0b"])
    func paths(path: String) throws {
        #expect(try fault(path, in: ProjectFixture()) == .notRelative)
    }

    @Test("names with dots in them are names like others")
    func dots() throws {
        let project = try ProjectFixture(["sql/..a": "x", "sql/a..": "x"])
        for path in ["sql/..a", "sql/a..", "./sql/./check.sql", "sql//check.sql"] {
            #expect(fault(path, in: project) == nil)
        }
    }

    @Test("links are followed where they stay inside, and refused where they leave")
    func links() throws {
        let project = try ProjectFixture()
        try project.link("sql/inside.sql", to: "../sql/check.sql")
        try project.link("sql/outside.sql", to: "/etc/passwd")
        try project.link("sql/loop.sql", to: "loop.sql")
        try project.link("up", to: "..")
        try project.link("twin", to: project.directory.path + "-twin")
        let twin = URL(filePath: project.directory.path + "-twin")
        try FileManager.default.createDirectory(at: twin, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: twin) }
        try Data("x".utf8).write(to: twin.appending(path: "x"))
        #expect(fault("sql/inside.sql", in: project) == nil)
        #expect(fault("sql/outside.sql", in: project) == .outside)
        #expect(fault("sql/loop.sql", in: project) == .unreadable(code: ELOOP))
        #expect(fault("up/\(project.directory.lastPathComponent)-twin/x", in: project) == .outside)
        #expect(fault("twin/x", in: project) == .outside)
    }

    @Test("a project that is reached by a link is a project")
    func linkedProject() throws {
        let project = try ProjectFixture()
        try project.link("self", to: project.directory.path)
        let files = ProjectFiles(directory: project.directory.path + "/self")
        #expect(try files.read("sql/check.sql") == Array("select 1;".utf8))
        #expect(throws: ProjectFiles.Fault.noProject) {
            try ProjectFiles(directory: project.directory.path + "/none").read("x")
        }
    }

    @Test("what is no regular file is refused, and nothing waits for a pipe's writer")
    func kinds() throws {
        let project = try ProjectFixture()
        try #require(mkfifo(project.directory.path + "/pipe", 0o600) == 0)
        #expect(fault("pipe", in: project) == .notRegular)
        #expect(fault("sql", in: project) == .notRegular)
        #expect(fault("sql/none", in: project) == .missing)
        #expect(fault("sql/check.sql/x", in: project) == .missing)
    }

    @Test("a file may have 16 MiB and not a byte more")
    func size() throws {
        let project = try ProjectFixture()
        try project.write("most", Data(count: ProjectFiles.maximumBytes))
        try project.write("more", Data(count: ProjectFiles.maximumBytes + 1))
        #expect(fault("most", in: project) == nil)
        #expect(fault("more", in: project) == .tooLarge)
    }
}

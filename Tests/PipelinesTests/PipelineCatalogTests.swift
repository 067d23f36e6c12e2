import Foundation
import Pipelines
import Testing

@Suite("The catalogue of a project")
struct PipelineCatalogTests {
    @Test("lists what can be a pipeline by its file's name, in order")
    func names() throws {
        let project = try ProjectFixture([
            "pipelines/b.json": "", "pipelines/a-1.json": "", "pipelines/pipeline.schema.json": "",
            "pipelines/B.json": "",
            "pipelines/c.txt": "", "pipelines/.json": "", "pipelines/.hidden.json": "",
        ])
        #expect(try project.names() == ["a-1", "b"])
    }

    @Test("suggests the pipeline that was meant, or names those there are")
    func unknown() throws {
        let project = try ProjectFixture(["pipelines/chapter-sections.json": "", "pipelines/x.json": ""])
        #expect(
            try message { _ = try project.load("chapter-sectoins") }
                == #"pipelines: there is no pipeline "chapter-sectoins"; did you mean "chapter-sections"?"#)
        #expect(
            try message { _ = try project.load("../x") }
                == #"pipelines: there is no pipeline "../x"; there are "chapter-sections", "x""#)
    }

    @Test("says so where there is no project, or no pipelines in it")
    func noProject() throws {
        #expect(
            try message { _ = try PipelineCatalog(project: "/nowhere/at/all").names() }
                == "pipelines: no pipelines are to be found here: the project directory does not exist")
        let project = try ProjectFixture()
        #expect(
            try message { _ = try project.names() }
                == "pipelines: no pipelines are to be found here: there is no such file")
    }

    @Test("does not follow a pipeline's file out of the project")
    func link() throws {
        let project = try ProjectFixture(["pipelines/x.json": ""])
        try project.link("pipelines/passwd.json", to: "/etc/passwd")
        #expect(
            try message { _ = try project.load("passwd") }
                == "pipelines/passwd.json: the file lies outside the project")
    }

    private func message(_ body: () throws -> Void) throws -> String {
        try #require(#expect(throws: PipelineError.self, performing: body)).description
    }
}

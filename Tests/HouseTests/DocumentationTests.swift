import Support
import Testing

@Suite struct DocumentationTests {
    @Test("every command that etl --help lists is in the README")
    func commands() throws {
        let help = try runProgram(etlBinary, arguments: ["--help"]).output
        let list = help.split(separator: "commands:\n").dropFirst().first?.split(separator: "\n\n").first ?? ""
        let commands = list.split(separator: "\n").compactMap { line in
            line.wholeMatch(of: #/ {2}([a-z][a-z-]*) {2,}.*/#)?.1
        }
        #expect(!commands.isEmpty, "etl --help lists no commands: \(help)")
        let readme = try #require(House.text(of: "README.md"))
        for command in commands {
            #expect(readme.contains("etl \(command)"), "README.md does not mention etl \(command)")
        }
    }

    @Test("every pipeline is in the README and in a test")
    func pipelines() throws {
        let readme = try #require(House.text(of: "README.md"))
        let tests = House.files(in: "Tests", endingIn: ".swift").compactMap { House.text(of: $0) }
        let pipelines = House.files(in: "pipelines", endingIn: ".json").filter { !$0.contains("schema") }
        #expect(!pipelines.isEmpty)
        for path in pipelines {
            let name = path.split(separator: "/").last?.dropLast(".json".count) ?? ""
            #expect(readme.contains(name), "README.md does not mention \(name)")
            #expect(tests.contains { $0.contains(name) }, "no test mentions \(name)")
        }
    }

    @Test("every decision record is listed in docs/design.md or the README")
    func decisions() throws {
        let lists = [House.text(of: "docs/design.md"), House.text(of: "README.md")].compactMap { $0 }.joined()
        let records = House.files(in: "docs/decisions", endingIn: ".md")
        #expect(!records.isEmpty)
        for path in records {
            let name = path.split(separator: "/").last ?? ""
            #expect(lists.contains(name), "neither docs/design.md nor README.md lists \(name)")
        }
    }
}

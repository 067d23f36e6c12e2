import Engine
import Pipelines
import Postgres
import Support
import Testing

@testable import etl

@Suite("Consent on the command line")
struct RunConsentTests {
    /// The requests that a command line stands for, each with its pipeline's destructive stages where it names them.
    private func requests(_ options: RunOptions) throws -> [RunRequest] {
        try options.pipelines.map { name in
            let stages = options.with.filter { $0.pipeline == nil || $0.pipeline == name }.map(\.stage)
            return RunRequest(
                pipeline: try PipelineCatalog(project: packageDirectory).load(name), schema: Identifier("public"),
                goal: Goal(with: Set(stages)))
        }
    }

    private let drop = StageReference(pipeline: nil, stage: "drop-old-columns")
    private let dropOfOne = StageReference(pipeline: "chapter-sections", stage: "drop-old-columns")

    @Test("is refused where nothing needs it, with the option that was meant for something else")
    func spare() throws {
        let statements: [(RunOptions, String)] = [
            (RunOptions(confirm: "db"), "--confirm"),
            (RunOptions(acceptedRejects: [.init(count: 1)]), "--accept-rejects"),
            (RunOptions(acceptedKeys: ["a"]), "--accept-unmapped"), (RunOptions(noArchive: true), "--no-archive"),
        ]
        for (stated, option) in statements {
            var options = stated
            options.pipelines = ["chapter-sections"]
            let error = #expect(throws: CommandFailure.self) { try options.refuseSpareConsent(for: requests(options)) }
            #expect(error?.code == .usage)
            #expect(
                error?.explanation.summary == "chapter-sections: nothing that this run does needs \(option)")
            options.with = [drop]
            try options.refuseSpareConsent(for: requests(options))
        }
    }

    @Test("for one of several pipelines is enough, but a number of rejects must be for one that drops something")
    func several() throws {
        var options = RunOptions(
            pipelines: ["chapter-sections", "memoir-images"], with: [dropOfOne], confirm: "db",
            acceptedRejects: [.init(pipeline: "chapter-sections", count: 2)])
        try options.refuseSpareConsent(for: requests(options))
        #expect(options.consent(for: "chapter-sections") == Consent(database: "db", rejects: 2))
        #expect(options.consent(for: "memoir-images") == Consent(database: "db"))
        options.acceptedRejects.append(.init(pipeline: "memoir-images", count: 1))
        let error = #expect(throws: CommandFailure.self) { try options.refuseSpareConsent(for: requests(options)) }
        #expect(error?.explanation.summary == "memoir-images: nothing that this run does needs --accept-rejects")
    }

    @Test("says all that was stated")
    func consent() {
        let options = RunOptions(
            pipelines: ["a"], confirm: "db", acceptedRejects: [.init(count: 0)], acceptedKeys: ["x", "y"],
            noArchive: true)
        #expect(
            options.consent(for: "a") == Consent(database: "db", rejects: 0, unmapped: ["x", "y"], keepsArchive: false))
        #expect(RunOptions(pipelines: ["a"]).consent(for: "a") == Consent())
    }

    @Test(
        "is suggested in words that a shell reads as they are meant",
        arguments: ["a", "", "a b", "it's", "$HOME", "`x`", "ä\n"])
    func shellWords(word: String) throws {
        let said = try runProgram("sh", arguments: ["-c", "printf %s \(ShellWord.quoted(word))"])
        #expect(said.stdout == Array(word.utf8))
    }
}

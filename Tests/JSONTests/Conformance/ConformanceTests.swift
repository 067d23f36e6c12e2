import Foundation
import Support
import Testing

@testable import JSON

@Suite("JSON and what resembles it")
struct ConformanceTests {
    /// The kind of a verdict, without what was printed.
    private static func kind(_ verdict: Verdict) -> ConformanceCase.Kind? {
        switch verdict {
        case .taken: .taken
        case .malformed: .malformed
        case .unstorable: .unstorable
        case .refusedNumber: .refusedNumber
        case .tooDeep: nil
        }
    }

    @Test("each text is what it is, to the strict check", arguments: ConformanceCase.all)
    func check(_ sample: ConformanceCase) {
        #expect(Self.kind(Verdict.ofCheck(sample.text)) == sample.kind)
    }

    @Test("jsonb takes the same texts, prints what the check read, and refuses the others")
    func server() async throws {
        let texts = ConformanceCase.all.map(\.text)
        let verdicts = try await blocking {
            try VerdictServer(TestServer.shared.database()).verdicts(on: texts)
        }
        for (sample, theirs) in zip(ConformanceCase.all, verdicts) {
            let ours = Verdict.ofCheck(sample.text)
            #expect(
                ours.agrees(withServer: theirs, on: sample.text),
                "\(sample.name): \(DifferentialTests.describe(sample.text, ours, theirs))")
        }
    }

    @Test("what no stack holds is read without one, and refused by the server for that alone")
    func beyondTheStack() async throws {
        let levels = 100_000
        let text = Array((String(repeating: "[", count: levels) + String(repeating: "]", count: levels)).utf8)
        try Document.with(text) { #expect($0.depth == levels) }
        let verdict = try await blocking { try VerdictServer(TestServer.shared.database()).verdicts(on: [text]) }
        #expect(verdict == [.tooDeep])
    }

    /// Texts of the public suite that the standard leaves to the parser, or that JSON allows and `jsonb` does not: by
    /// what the check says of them. The others are accepted (`y_`) or refused (`n_`).
    private static let unstorable: Set = ["y_object_escaped_null_in_key.json", "y_string_null_escape.json"]

    @Test(
        "the cases of the public JSONTestSuite are accepted and refused as they must be, and as jsonb does",
        .enabled(
            if: ProcessInfo.processInfo.environment["ETL_JSON_SUITE"] != nil,
            "ETL_JSON_SUITE names no folder; scripts/json-suite DIR fetches the cases"))
    func publicSuite() async throws {
        let folder = try #require(ProcessInfo.processInfo.environment["ETL_JSON_SUITE"])
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".json") }
            .sorted()
        #expect(names.count >= 300)
        let texts = try names.map { name in
            [UInt8](try #require(FileManager.default.contents(atPath: "\(folder)/\(name)")))
        }
        let verdicts = try await blocking {
            try VerdictServer(TestServer.shared.database()).verdicts(on: texts)
        }
        for ((name, text), theirs) in zip(zip(names, texts), verdicts) {
            let ours = Verdict.ofCheck(text)
            #expect(
                ours.agrees(withServer: theirs, on: text), "\(name): \(DifferentialTests.describe(text, ours, theirs))")
            switch name.prefix(2) {
            case "y_": #expect(Self.kind(ours) == (Self.unstorable.contains(name) ? .unstorable : .taken), "\(name)")
            // Invalid UTF-8 in a string is refused as text, not as syntax.
            case "n_": #expect([.malformed, .unstorable].contains(Self.kind(ours)), "\(name)")
            default: break
            }
        }
        print("json suite: \(names.count) texts, each as jsonb has it")
    }
}

import Foundation
import Support
import Testing

@testable import JSON

/// The strict check beside the server's own `jsonb`, which is what documents go into.
///
/// - `ETL_FUZZ`: how many texts are tried, else 8000
/// - `ETL_FUZZ_SEED`: the seed of the first of them; else by the clock, and printed
@Suite("The strict check and jsonb")
struct DifferentialTests {
    private static func number(_ variable: String) -> Int? {
        ProcessInfo.processInfo.environment[variable].flatMap { Int($0) }
    }

    /// The texts of a batch: a statement's worth.
    private static let batch = 2000

    @Test("say the same of every text, and mean the same by it", arguments: 0..<2)
    func fuzz(shard: Int) async throws {
        let count = (Self.number("ETL_FUZZ") ?? 8000) / 2
        let seed = Self.number("ETL_FUZZ_SEED") ?? Int(Date().timeIntervalSince1970)
        print("json fuzz: seed \(seed), part \(shard)")
        let (taken, disagreements) = try await blocking {
            try Self.compare(count, seed: UInt64(seed) &* 2 &+ UInt64(shard))
        }
        print("json fuzz: \(count) texts, \(taken) taken by both, \(disagreements.count) disagreements")
        #expect(disagreements.isEmpty, "\(disagreements.prefix(20).joined(separator: "\n"))")
        #expect(taken > count / 5, "too few texts were JSON to mean anything")
    }

    private static func compare(_ count: Int, seed: UInt64) throws -> (taken: Int, disagreements: [String]) {
        let server = try VerdictServer(TestServer.shared.database())
        var documents = FuzzedDocuments(seed: seed)
        var taken = 0
        var disagreements: [String] = []
        for start in stride(from: 0, to: count, by: batch) {
            let texts = (start..<min(count, start + batch)).map { _ in documents.next() }
            for (text, theirs) in zip(texts, try server.verdicts(on: texts)) {
                let ours = Verdict.ofCheck(text)
                if case .taken = theirs { taken += 1 }
                if !ours.agrees(withServer: theirs, on: text) { disagreements.append(describe(text, ours, theirs)) }
            }
        }
        return (taken, disagreements)
    }

    /// A disagreement as a line that can be put among the cases.
    static func describe(_ text: [UInt8], _ ours: Verdict, _ theirs: Verdict) -> String {
        func words(_ verdict: Verdict) -> String {
            if case .taken(let printed) = verdict {
                return "taken as \(String(decoding: printed.prefix(200), as: UTF8.self))"
            }
            return "\(verdict)"
        }
        let hex = text.prefix(2000).map { String(0x100 + Int($0), radix: 16).dropFirst() }.joined()
        return "check: \(words(ours)); jsonb: \(words(theirs)); \(text.count) bytes: \(hex)"
    }
}

import Foundation
import Revisions
import Support
import Testing

@Suite(.enabled(if: Alembic.python != nil, "Alembic cannot be installed here (python3 -m venv, pip, PyPI)"))
struct AlembicTests {
    /// A few hundred graphs, or as many as `ETL_GRAPHS` says.
    private static let count = ProcessInfo.processInfo.environment["ETL_GRAPHS"].flatMap(UInt64.init) ?? 400

    @Test("on random graphs every target leads the way that it leads in Alembic, or to the same kind of error")
    func randomGraphs() throws {
        var compared: [String: Int] = [:]
        for first in stride(from: 0, to: Self.count, by: 500) {
            let cases = (first..<min(first + 500, Self.count)).map { GraphCase(seed: $0 + 1) }
            let answers = try Alembic.answers(to: cases)
            try #require(answers.count == cases.count)
            for (graphCase, answer) in zip(cases, answers) { compare(graphCase, answer, &compared) }
        }
        // All of it was looked at, and not only how it fails.
        for kind in ["upgrade", "downgrade", "stamp", "history", "show"] {
            #expect(compared["\(kind) done", default: 0] > Int(Self.count) / 2, "\(compared)")
            #expect(compared["\(kind) refused", default: 0] > Int(Self.count) / 20, "\(compared)")
        }
        for problem in ["missing", "cycle", "dependency cycle", "label", "repeated"] {
            #expect(compared["graph: \(problem)", default: 0] > Int(Self.count) / 400, "\(compared)")
        }
        let questions = compared.values.reduce(0, +)
        print(
            "\(Self.count) graphs compared with Alembic, \(questions) answers: \(compared.sorted { $0.key < $1.key })")
    }

    private func compare(_ graphCase: GraphCase, _ theirs: Alembic.Answers, _ compared: inout [String: Int]) {
        let graph: RevisionGraph
        do throws(GraphProblems) {
            graph = try graphCase.graph()
        } catch {
            let kinds = error.all.map(\.kind)
            #expect(
                theirs.problem.map(kinds.contains) == true, "\(graphCase): \(theirs.problem ?? "none"), \(error.all)")
            compared["graph: \(kinds[0])", default: 0] += 1
            return
        }
        guard let answers = theirs.answers, theirs.problem == nil else {
            Issue.record("\(graphCase): Alembic finds a problem: \(theirs.problem ?? "")")
            return
        }
        for (ask, answer) in zip(graphCase.asks, answers) {
            let comparison = Comparison(
                graph: graph, heads: graphCase.heads, ask: ask, isOrdered: theirs.ordered == true)
            switch comparison.outcome(answer) {
            case .same(let what): compared["\(ask.kind) \(what)", default: 0] += 1
            case .different(let how): Issue.record("\(graphCase)\n\(ask.kind) '\(ask.target)': \(how)")
            }
        }
    }
}

extension GraphProblem {
    var kind: String {
        switch self {
        case .repeated: "repeated"
        case .missingParent, .missingDependency: "missing"
        case .labelInUse: "label"
        case .cycle: "cycle"
        case .dependencyCycle: "dependency cycle"
        }
    }
}

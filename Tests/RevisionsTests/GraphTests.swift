import Revisions
import Testing

@Suite struct GraphTests {
    /// A graph of lines such as `c: a b, needs x, label l`.
    private func graph(_ lines: String...) throws -> RevisionGraph {
        try RevisionGraph(
            lines.map { line in
                let parts = line.split(separator: ":")
                var (parents, needs, labels): ([RevisionID], [String], [BranchLabel]) = ([], [], [])
                for part in (parts.count > 1 ? parts[1] : "").split(separator: ",") {
                    let words = part.split(separator: " ").map(String.init)
                    switch words.first {
                    case "needs": needs = Array(words.dropFirst())
                    case "label": labels = words.dropFirst().compactMap { BranchLabel($0) }
                    default: parents = words.compactMap { RevisionID($0) }
                    }
                }
                return Revision(
                    try #require(RevisionID(String(parts[0]))), parents: parents, dependencies: needs, labels: labels)
            })
    }

    private func ids(_ text: String) -> [RevisionID] {
        text.split(separator: " ").compactMap { RevisionID(String($0)) }
    }

    @Test("a circle is named, revision by revision")
    func circles() {
        #expect(throws: GraphProblems(all: [.cycle(ids("a c b"))])) { try graph("a: c", "x:", "b: a x", "c: b") }
        #expect(throws: GraphProblems(all: [.dependencyCycle(ids("a b"))])) { try graph("x:", "a: x, needs b", "b: a") }
        #expect(throws: GraphProblems(all: [.cycle(ids("a"))])) { try graph("a: a") }
    }

    @Test("everything that is missing or twice there is told at once")
    func problems() throws {
        let label = try #require(BranchLabel("a"))
        let expected: [GraphProblem] = [
            .labelInUse(label, of: ids("b")[0], by: ids("a")[0]), .missingParent(ids("y")[0], of: ids("a")[0]),
            .missingDependency("z", of: ids("b")[0]),
        ]
        #expect(throws: GraphProblems(all: expected)) { try graph("a: y", "b: needs z, label a") }
        #expect(throws: GraphProblems(all: [.repeated(ids("a")[0])])) { try graph("a:", "a:") }
    }

    @Test("an upgrade over branches and a merge applies each revision after what it needs")
    func merge() throws {
        let graph = try graph("base1:", "left1: base1", "right1: base1", "join1: left1 right1", "other: needs left1")
        let all = try graph.upgrade(to: Target("heads"), from: graph.nothingApplied)
        #expect(all == ids("base1 right1 left1 other join1"))
        let applied = try graph.applied(all)
        #expect(try graph.downgrade(to: Target("right1"), from: applied) == ids("join1"))
        #expect(try graph.downgrade(to: Target("base"), from: applied) == all.reversed())
        #expect(graph.currentTips(applied) == ids("join1 other"))
    }

    @Test("steps from several current revisions are refused, where Alembic takes one by chance")
    func several() throws {
        let graph = try graph("aaaa:", "bbbb: aaaa, label left", "cccc: aaaa")
        let applied = try graph.applied(ids("aaaa bbbb cccc"))
        #expect(throws: TargetError.severalCurrent(ids("bbbb cccc"))) {
            try graph.downgrade(to: Target("-1"), from: applied)
        }
        #expect(try graph.downgrade(to: Target("left@-1"), from: applied) == ids("bbbb"))
    }

    @Test("revisions that are applied and not there, or lack what they need, are named")
    func applied() throws {
        let graph = try graph("a:", "b: a")
        #expect(throws: TargetError.lost(ids("x"))) { try graph.applied(ids("a x")) }
        #expect(throws: TargetError.gap(ids("b"), needs: ids("a"))) { try graph.applied(ids("b")) }
    }

    @Test("a range counts its steps down from its upper end")
    func history() throws {
        let graph = try graph("a:", "b: a", "c: b", "d: c")
        let range = try #require(try TargetRange("-1:c"))
        #expect(try graph.history(range) == ids("c b"))
        #expect(try graph.history(TargetRange(from: Target("-9"), to: nil)) == ids("d c b a"))
    }

    @Test(
        "what is no target is refused",
        arguments: ["", "@", "a@", "@head", "a b", "+", "a+x", "-0", "a:b", "ä", "a@b@c", "a+1-1", "'; drop table x"])
    func malformed(text: String) {
        #expect(throws: TargetError.malformed(text)) { try Target(text) }
    }

    @Test("thousands of revisions in a line are planned in a moment")
    func longLine() throws {
        let names = (0..<3000).compactMap { RevisionID("r\($0)") }
        let revisions = names.indices.map { Revision(names[$0], parents: $0 == 0 ? [] : [names[$0 - 1]]) }
        let began = ContinuousClock.now
        let graph = try RevisionGraph(revisions)
        let steps = try graph.upgrade(to: Target("head"), from: graph.nothingApplied)
        #expect(steps == names)
        #expect(try graph.downgrade(to: Target("base"), from: graph.applied(steps)) == names.reversed())
        // It is some hundredths of a second; what grows with the square of their number takes minutes.
        #expect(ContinuousClock.now - began < .seconds(30))
    }
}

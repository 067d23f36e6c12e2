import Testing

@Suite("Mutants") struct MutantTests {
    /// The names in the enumeration.
    private var names: [String] {
        House.lines(of: "Sources/Postgres/Mutant.swift").compactMap { line in
            line.wholeMatch(of: #/ {4}case ([A-Za-z]+)/#).map { String($0.1) }
        }
    }

    @Test("each is in one place of the program")
    func places() {
        let sources = House.files(in: "Sources", endingIn: ".swift").compactMap { House.text(of: $0) }.joined()
        #expect(names.count >= 30)
        for name in names {
            let places = sources.split(separator: "Mutant.is(.\(name))", omittingEmptySubsequences: false).count - 1
            #expect(places == 1, "\(name) is in \(places) places")
        }
    }

    @Test("each has the tests that must find it in the table")
    func table() {
        let lines = House.lines(of: "Tests/mutants.txt").filter { !$0.hasPrefix("#") && !$0.isEmpty }
        let listed = lines.map { line in line.split(separator: " ").first.map(String.init) ?? "" }
        #expect(listed.sorted() == names.sorted())
    }
}

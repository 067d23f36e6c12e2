import Testing

@Suite("What only test builds have") struct SeamTests {
    @Test("is defined for debug builds alone")
    func definition() throws {
        let package = try #require(House.text(of: "Package.swift"))
        let definitions = package.split(separator: "\n").filter { $0.contains("ETL_FAULTS") }
        #expect(definitions.count == 1)
        #expect(definitions.allSatisfy { $0.contains(".when(configuration: .debug)") })
    }

    @Test("stands behind its condition wherever a variable of it is read")
    func condition() {
        var places = 0
        for file in House.files(in: "Sources", endingIn: ".swift") {
            // How many conditions are open, and at which of them that of the test builds holds.
            var open: [Bool] = []
            for (number, line) in House.lines(of: file).enumerated() {
                let words = line.trimmingPrefix(while: \.isWhitespace)
                if words.hasPrefix("#if") { open.append(words == "#if ETL_FAULTS") }
                if words.hasPrefix("#else"), !open.isEmpty { open[open.count - 1] = false }
                if words.hasPrefix("#endif") { _ = open.popLast() }
                guard !words.hasPrefix("///"), line.contains(#/\bETL_(?:FAULT|CALLS|MUTANT)\b/#) else { continue }
                places += 1
                #expect(open.contains(true), "\(file):\(number + 1) is in every build")
            }
        }
        #expect(places > 0)
    }
}

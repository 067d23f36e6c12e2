import Testing

@Suite struct FileTests {
    @Test("no file is longer than 300 lines", arguments: ["Sources", "Tests", "scripts"])
    func length(directory: String) {
        let files = House.files(in: directory).filter { path in
            // Data and what a test judges by are no source: they are as long as they have to be.
            !path.hasSuffix(".jsonl") && !path.hasPrefix("Tests/EndToEndTests/Judge/")
        }
        #expect(!files.isEmpty)
        for file in files {
            let count = House.lines(of: file).count
            #expect(count <= 300, "\(file) has \(count) lines")
        }
    }

    @Test("nothing unfinished, nothing that ends the process without a word, no waiting by the clock")
    func words() {
        let objections = Objections()
        for file in House.files(in: "Sources", endingIn: ".swift") {
            let lines = House.lines(of: file)
            for (number, line) in lines.enumerated() {
                let before = number > 0 ? lines[number - 1] : ""
                let objection = objections.to(line, after: before)
                #expect(objection == nil, "\(file):\(number + 1): \(objection ?? "")")
            }
        }
    }

    @Test(
        "each forbidden word is found",
        arguments: [
            "// TODO: later", "// FIXME", "/* XXX */", "let x = try! f()", "let y = x as! Int", "fatalError(\"no\")",
            "usleep(5)", "Thread.sleep(forTimeInterval: 1)", "final class A: @unchecked Sendable {}",
        ])
    func forbidden(line: String) {
        #expect(Objections().to(line[...], after: "") != nil)
    }

    @Test(
        "what resembles them is not",
        arguments: [
            ("nanosleep(&time, nil)", ""), ("pg_sleep", ""), ("try? f()", ""), ("try f()", ""),
            ("fatalError(\"no\")", "// Unreachable: the enum is closed."),
            ("struct A: @unchecked Sendable {}", "/// Safe, because the lock guards it."),
        ])
    func allowed(line: String, before: String) {
        #expect(Objections().to(line[...], after: before[...]) == nil)
    }
}

/// What is said against lines of Swift. One serves for many: its patterns are read only once.
private struct Objections {
    private let unfinished = #/\b(?:TODO|FIXME|XXX)\b/#
    private let ending = #/\btry!|\bas!/#
    private let waiting = #/\bu?sleep\(/#
    private let daring = #/\bfatalError\(|@unchecked Sendable/#

    /// Why a line may not stand, if it may not. Some may when the line before says why.
    func to(_ line: Substring, after before: Substring) -> String? {
        // Words as programmers see them: the usual rule of Unicode takes `Thread.sleep` for one.
        func has(_ pattern: Regex<Substring>) -> Bool { line.contains(pattern.wordBoundaryKind(.simple)) }
        if has(unfinished) { return "unfinished" }
        if has(ending) { return "ends the process without a word" }
        if has(waiting) { return "waits by the clock" }
        let isExplained = before.contains("//") || line.contains("//")
        if has(daring), !isExplained { return "needs a line that says why" }
        return nil
    }
}

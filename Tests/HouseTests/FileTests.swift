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
        for file in House.files(in: "Sources", endingIn: ".swift") {
            let lines = House.lines(of: file)
            for (number, line) in lines.enumerated() {
                let before = number > 0 ? lines[number - 1] : ""
                let objection = objection(to: line, after: before)
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
        #expect(objection(to: line[...], after: "") != nil)
    }

    @Test(
        "what resembles them is not",
        arguments: [
            ("nanosleep(&time, nil)", ""), ("pg_sleep", ""), ("try? f()", ""), ("try f()", ""),
            ("fatalError(\"no\")", "// Unreachable: the enum is closed."),
            ("struct A: @unchecked Sendable {}", "/// Safe, because the lock guards it."),
        ])
    func allowed(line: String, before: String) {
        #expect(objection(to: line[...], after: before[...]) == nil)
    }

    /// Why a line may not stand, if it may not. Some may when the line before says why.
    private func objection(to line: Substring, after before: Substring) -> String? {
        // Words as programmers see them: the usual rule of Unicode takes `Thread.sleep` for one.
        func has(_ pattern: Regex<Substring>) -> Bool { line.contains(pattern.wordBoundaryKind(.simple)) }
        if has(#/\b(?:TODO|FIXME|XXX)\b/#) { return "unfinished" }
        if has(#/\btry!|\bas!/#) { return "ends the process without a word" }
        if has(#/\bu?sleep\(/#) { return "waits by the clock" }
        let explained = before.contains("//") || line.contains("//")
        if has(#/\bfatalError\(|@unchecked Sendable/#), !explained { return "needs a line that says why" }
        return nil
    }
}

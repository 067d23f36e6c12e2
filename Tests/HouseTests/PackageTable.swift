/// What `Package.swift` says of each target: where it lies and what it may import.
struct PackageTable {
    /// A target's directory, and the names of its dependencies.
    struct Target {
        let directory: String
        let dependencies: Set<String>
    }

    let targets: [String: Target]

    /// Reads the text of a manifest of the simple form that ours has: each target's name, path and
    /// dependencies are written out.
    init(manifest: String) {
        var targets: [String: Target] = [:]
        let code = manifest.split(separator: "\n").filter { !$0.contains(#/^\s*\/\//#) }.joined(separator: "\n")
        let openings = code.matches(of: #/\.(target|executableTarget|testTarget)\(/#)
        for (number, opening) in openings.enumerated() {
            let end = number + 1 < openings.count ? openings[number + 1].range.lowerBound : code.endIndex
            let call = code[opening.range.upperBound..<end]
            guard let name = call.firstMatch(of: #/name:\s*"([^"]+)"/#)?.1 else { continue }
            let list = call.firstMatch(of: #/dependencies:\s*\[([^\]]*)\]/#)?.1 ?? ""
            let path = call.firstMatch(of: #/path:\s*"([^"]+)"/#)?.1
            let parent = opening.1 == "testTarget" ? "Tests" : "Sources"
            targets[String(name)] = Target(
                directory: path.map(String.init) ?? "\(parent)/\(name)",
                dependencies: Set(list.matches(of: #/"([^"]+)"/#).map { String($0.1) }))
        }
        self.targets = targets
    }
}

/// The modules that a file's text imports.
func importedModules(in source: String) -> [String] {
    // Outside of the loop: a pattern is read anew wherever it is come to.
    let pattern =
        #/^\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:(?:public|package|internal|private|fileprivate)\s+)?import\s+(?:(?:struct|class|enum|protocol|func|var|let|typealias)\s+)?(\w+)/#
    return source.split(separator: "\n").compactMap { line in line.firstMatch(of: pattern).map { String($0.1) } }
}

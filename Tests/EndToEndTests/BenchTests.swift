import Foundation
import Support
import Testing

/// It waits for the disk more than it computes.
@Suite struct BenchTests {
    @Test("scripts/bench finds a program out that ends elsewhere than SQL, and in nothing but that")
    func ends() async throws {
        // Does what it is told, and spoils the fourth sections.
        let scratch = try Scratch()
        try """
        #!/bin/sh
        '\(etlBinary)' "$@" || exit
        for url; do :; done
        exec psql -X -q -d "$url" -c "update chapter_sections set title = 'spoiled' where order_index = 3"
        """.write(toFile: "\(scratch.path)/etl", atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: "\(scratch.path)/etl")

        let result = try await blocking {
            try runProgram(
                "\(packageDirectory)/scripts/bench",
                arguments: ["--rows", "20", "--rounds", "1", "--only", "etl-2,sql", "--etl", "\(scratch.path)/etl"])
        }
        let found = result.output.split(separator: "\n").filter { $0.hasPrefix("DIFFERENT: ") }
        #expect(result.status == 1 && found.count == 2, "\(result.output)\(result.stderr)")
        #expect(found.allSatisfy { $0.contains(" has: chapter_sections: rows ") }, "\(found)")
    }

    @Test("scripts/bench --scale measures planning, going on, and claims")
    func scale() async throws {
        let result = try await blocking {
            try runProgram(
                "\(packageDirectory)/scripts/bench", arguments: ["--scale", "--rows", "3000", "--etl", etlBinary])
        }
        let lines = result.output.split(separator: "\n")
        #expect(result.status == 0 && lines.count == 2, "\(result.output)\(result.stderr)")
        let figures = lines.flatMap { $0.split(separator: " ").compactMap { Double($0) } }
        #expect(figures.count >= 7 && figures.allSatisfy { $0 > 0 }, "\(result.output)")
    }
}

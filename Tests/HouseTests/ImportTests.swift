import Testing

@Suite struct ImportTests {
    @Test("every import is a dependency that Package.swift declares")
    func imports() throws {
        let table = PackageTable(manifest: try #require(House.text(of: "Package.swift")))
        #expect(table.targets["Engine"]?.dependencies.contains("Ledger") == true)
        // These come with the toolchain; what only tests may use is left out for the others.
        let always: Set = ["Glibc", "Foundation", "Synchronization", "Dispatch"]
        var seen = 0
        for (name, target) in table.targets {
            let toolchain = target.directory.hasPrefix("Tests") ? always.union(["Testing"]) : always
            for file in House.files(in: target.directory, endingIn: ".swift") {
                for module in importedModules(in: House.text(of: file) ?? "") {
                    seen += 1
                    #expect(
                        target.dependencies.union(toolchain).contains(module),
                        "\(file) imports \(module), which \(name) does not declare")
                }
            }
        }
        #expect(seen > 0)
    }

    @Test("every Swift file belongs to a target")
    func strays() throws {
        let table = PackageTable(manifest: try #require(House.text(of: "Package.swift")))
        // What is fuzzed is compiled by scripts/fuzz, apart from everything else.
        let directories = table.targets.values.map { "\($0.directory)/" } + ["Tests/Fuzz/"]
        for file in House.files(in: "Sources", endingIn: ".swift") + House.files(in: "Tests", endingIn: ".swift") {
            #expect(directories.contains { file.hasPrefix($0) }, "no target holds \(file)")
        }
    }

    @Test(
        "imports are recognised in all their forms",
        arguments: [
            ("import Glibc", ["Glibc"]), ("public import Postgres", ["Postgres"]),
            ("@testable import Engine", ["Engine"]), ("@_spi(Test) internal import struct JSON.Value", ["JSON"]),
            ("// import Nothing", []), ("let important = 1", []),
        ])
    func forms(line: String, modules: [String]) {
        #expect(importedModules(in: line) == modules)
    }

    @Test("the table is read from a manifest, comments aside")
    func table() throws {
        let table = PackageTable(
            manifest: """
                // .target(name: "Ghost", dependencies: [])
                .systemLibrary(name: "C", pkgConfig: "c"),
                .target(name: "A", dependencies: ["C"], swiftSettings: strict),
                .target(
                    name: "S", dependencies: [
                        "A",
                        "C"], path: "Tests/S"),
                .testTarget(name: "ATests"),
                """)
        #expect(table.targets.keys.sorted() == ["A", "ATests", "S"])
        #expect(table.targets["S"]?.dependencies == ["A", "C"])
        #expect(table.targets["S"]?.directory == "Tests/S")
        #expect(table.targets["A"]?.dependencies == ["C"])
        #expect(table.targets["ATests"]?.directory == "Tests/ATests")
    }
}

import Foundation
import Support

/// A copy of this project's pipelines and scripts, changed as a test needs it; gone with the last reference.
final class Project: Sendable {
    let directory: String

    /// Copies them.
    init() throws {
        directory = NSTemporaryDirectory() + "etl-project-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        for part in ["pipelines", "sql"] {
            try FileManager.default.copyItem(atPath: packageDirectory + "/" + part, toPath: directory + "/" + part)
        }
    }

    deinit {
        try? FileManager.default.removeItem(atPath: directory)
    }

    /// Replaces text in a file; fails where it is not to be found.
    func edit(_ path: String, _ old: String, _ new: String) throws {
        let file = directory + "/" + path
        let text = try String(contentsOfFile: file, encoding: .utf8)
        guard text.contains(old) else { throw CocoaError(.fileReadUnknown) }
        try text.replacing(old, with: new).write(toFile: file, atomically: true, encoding: .utf8)
    }

    /// Writes a file.
    func write(_ path: String, _ text: String) throws {
        try text.write(toFile: directory + "/" + path, atomically: true, encoding: .utf8)
    }
}

extension Project {
    /// Writes a pipeline of one stream stage, over tables that the test makes.
    func writePipeline(_ name: String, source: String, target: String, writeBack: String? = nil) throws {
        let back = writeBack.map { #", "write_back": { "column": "\#($0)" }"# } ?? ""
        try write(
            "pipelines/\(name).json",
            """
            { "name": "\(name)", "title": "Moves rows of a test.", "stages": [
              { "name": "rows", "kind": "stream", "transform": "memoir-sections",
                "source": \(source), "target": \(target)\(back) } ] }
            """)
    }
}

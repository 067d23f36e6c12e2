import Foundation
import Support

/// A directory for one test; gone with the last reference.
final class Scratch: Sendable {
    let path = "/tmp/etl-e2e-\(UUID().uuidString.prefix(13))"

    init() throws {
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o755])
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    /// The names of what is in it.
    var names: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: path).sorted() }
    }

    /// The text of a file in it.
    func text(_ name: String) throws -> String {
        try String(contentsOfFile: "\(path)/\(name)", encoding: .utf8)
    }

    /// The permissions of a file in it.
    func mode(_ name: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: "\(path)/\(name)")
        return (attributes[.posixPermissions] as? NSNumber)?.intValue ?? -1
    }
}

/// A copy of the project's pipelines and scripts that a test may change.
final class Project: Sendable {
    private let scratch: Scratch

    private init(_ scratch: Scratch) { self.scratch = scratch }

    static func copied() throws -> Project {
        let scratch = try Scratch()
        for name in ["pipelines", "sql"] {
            try FileManager.default.copyItem(atPath: "\(packageDirectory)/\(name)", toPath: "\(scratch.path)/\(name)")
        }
        return Project(scratch)
    }

    var path: String { scratch.path }

    /// Writes more to the end of one of its files.
    func append(_ text: String, to name: String) throws {
        try (scratch.text(name) + text).write(toFile: "\(path)/\(name)", atomically: true, encoding: .utf8)
    }
}

/// Output that is one JSON object a line.
enum JSONLines {
    /// The objects; nil when a line holds something else.
    static func objects(of output: String) -> [[String: Any]]? {
        let objects = output.split(separator: "\n").map { line in
            try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
        }
        let found = objects.compactMap { $0 }
        return found.count == objects.count ? found : nil
    }

    /// The last object, when all lines are objects.
    static func last(of output: String) -> [String: Any]? { objects(of: output)?.last }
}

extension JSONLines {
    /// The strings of output that is one JSON string a line; nil when a line holds something else.
    static func strings(of output: String) -> [String]? {
        let strings = output.split(separator: "\n").map { line in
            try? JSONSerialization.jsonObject(with: Data(line.utf8), options: .fragmentsAllowed) as? String
        }
        let found = strings.compactMap { $0 }
        return found.count == strings.count ? found : nil
    }
}

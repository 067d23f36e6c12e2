import Foundation
import Support

/// The project's files, by their paths from its root.
enum House {
    /// The files below a directory, without what builds leave; none when there is no such directory.
    static func files(in directory: String, endingIn suffix: String = "") -> [String] {
        let root = "\(packageDirectory)/\(directory)"
        let paths = FileManager.default.enumerator(atPath: root)?.compactMap { $0 as? String } ?? []
        return paths.filter { $0.hasSuffix(suffix) && isFile("\(root)/\($0)") }.map { "\(directory)/\($0)" }.sorted()
    }

    /// A file's text; nil when there is none.
    static func text(of path: String) -> String? {
        try? String(contentsOfFile: "\(packageDirectory)/\(path)", encoding: .utf8)
    }

    /// A file's lines, without the nothing after the last newline.
    static func lines(of path: String) -> [Substring] {
        var lines = text(of: path)?.split(separator: "\n", omittingEmptySubsequences: false) ?? []
        if lines.last?.isEmpty == true { lines.removeLast() }
        return lines
    }

    private static func isFile(_ path: String) -> Bool {
        var isDirectory: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) && !isDirectory.boolValue
    }
}

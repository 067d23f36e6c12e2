import Foundation
import PostgresSandbox
import Support

/// The number of the server's first process, as the server itself wrote it down.
func serverProcess(of sandbox: Sandbox) throws -> Int32 {
    let text = try String(contentsOfFile: "\(sandbox.socketDirectory)/data/postmaster.pid", encoding: .utf8)
    return text.split(separator: "\n").first.flatMap { Int32($0) } ?? 0
}

/// Whether a process exists that has not ended; one that ended and was not waited for yet is not alive.
func isAlive(_ pid: Int32) -> Bool {
    guard let facts = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8) else { return false }
    // The state follows the name, which is in brackets and may hold anything.
    return facts.split(separator: ")").last?.hasPrefix(" Z") == false
}

func parent(of pid: Int32) throws -> Int32 {
    let facts = try String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)
    let fields = facts.split(separator: ")").last?.split(separator: " ") ?? []
    return fields.count > 1 ? Int32(fields[1]) ?? 0 : 0
}

func openFiles(of pid: Int32) throws -> [String] {
    let directory = "/proc/\(pid)/fd"
    return try FileManager.default.contentsOfDirectory(atPath: directory).compactMap {
        try? FileManager.default.destinationOfSymbolicLink(atPath: "\(directory)/\($0)")
    }
}

func mode(of path: String) throws -> Int {
    let attributes = try FileManager.default.attributesOfItem(atPath: path)
    return (attributes[.posixPermissions] as? NSNumber)?.intValue ?? -1
}

func exists(_ path: String) -> Bool {
    FileManager.default.fileExists(atPath: path)
}

func temporaryPath() -> String {
    "/tmp/etl-test-\(UUID().uuidString.prefix(13))"
}

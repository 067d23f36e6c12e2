import Glibc
import Support
import Testing

@testable import etl

/// Lends a fresh directory and removes it with all that is in it.
func inDirectory<Result>(_ body: (String) throws -> Result) throws -> Result {
    var template = Array("/tmp/etl-command-XXXXXX".utf8CString)
    let made = template.withUnsafeMutableBufferPointer { $0.baseAddress.flatMap { mkdtemp($0) } != nil }
    try #require(made)
    let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    defer {
        #expect(throws: Never.self) { try runProgram("rm", arguments: ["-r", path]) }
    }
    return try body(path)
}

/// Writes a file with exactly this mode, whatever the umask.
func write(_ text: String, to path: String, mode: mode_t) throws {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    try #require(descriptor >= 0)
    defer { close(descriptor) }
    #expect(FileOutput.write(Array(text.utf8), to: descriptor))
    #expect(fchmod(descriptor, mode) == 0)
}

/// All bytes of a file, as text.
func contents(of path: String) throws -> String {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    try #require(descriptor >= 0)
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
        let count = read(descriptor, &buffer, buffer.count)
        guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
        bytes += buffer[..<count]
    }
}

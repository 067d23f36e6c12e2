import Glibc

/// A file without a name, as long as the value lives: what a program prints into it can be read at any
/// time, and no end of it can block, as those of a pipe do.
package final class AnonymousFile: Sendable {
    /// Its descriptor, open for reading and writing.
    package let descriptor: Int32

    /// A file that holds some bytes and is read from its start.
    package init(holding bytes: [UInt8] = []) throws(LaunchFailure) {
        let name = "/tmp/etl-\(getpid())-\(UInt64.random(in: 0 ... .max))"
        descriptor = open(name, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw LaunchFailure(program: name, code: errno) }
        unlink(name)
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { throw LaunchFailure(program: name, code: errno) }
            written += count
        }
        lseek(descriptor, 0, SEEK_SET)
    }

    deinit {
        close(descriptor)
    }

    /// All that it holds now.
    package var bytes: [UInt8] {
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = piece.withUnsafeMutableBytes {
                pread(descriptor, $0.baseAddress, $0.count, off_t(bytes.count))
            }
            guard count > 0 else { return bytes }
            bytes += piece[..<count]
        }
    }

    /// All that it holds now, for people to read.
    package var text: String {
        String(decoding: bytes, as: UTF8.self)
    }
}

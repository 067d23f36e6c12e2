import Foundation
import Glibc

/// An open descriptor that is closed with the last reference to it.
final class Descriptor: Sendable {
    let number: Int32

    init(_ number: Int32) throws {
        guard number >= 0 else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
        self.number = number
    }

    deinit {
        // A program that was started just when the socket came may have it, too.
        shutdown(number, Int32(SHUT_RDWR))
        close(number)
    }

    /// Reads what is there; empty at the end of the stream, and where it broke.
    func read() -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: 1 << 16) { buffer, count in
            count = max(0, Glibc.read(number, buffer.baseAddress, buffer.count))
        }
    }

    /// Writes everything; false where nobody takes it any more.
    func write(_ bytes: some Collection<UInt8>) -> Bool {
        var left = Array(bytes)[...]
        while !left.isEmpty {
            let count = left.withUnsafeBytes { send(number, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { return false }
            left = left.dropFirst(count)
        }
        return true
    }

    /// From here on every packet that comes in is lost before the system sees it: it is neither read nor acknowledged.
    func loseEverything() {
        // A filter of one instruction, in the form of the kernel's sock_filter: return, and keep no byte.
        var instruction: UInt64 = 6
        withUnsafeMutablePointer(to: &instruction) { pointer in
            var program = FilterProgram(length: 1, instructions: pointer)
            setsockopt(number, SOL_SOCKET, SO_ATTACH_FILTER, &program, socklen_t(MemoryLayout<FilterProgram>.size))
        }
    }

    /// The kernel's sock_fprog, which the module of the C library leaves out.
    private struct FilterProgram {
        var length: UInt16
        var instructions: UnsafeMutablePointer<UInt64>
    }
}

enum Sockets {
    private static let stream = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)

    /// A socket that listens on 127.0.0.1, and its port.
    static func listen() throws -> (Descriptor, port: Int) {
        let listener = try Descriptor(socket(AF_INET, stream, 0))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        try withUnsafeMutablePointer(to: &address) { pointer in
            try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                guard bind(listener.number, generic, length) == 0, Glibc.listen(listener.number, 64) == 0,
                    getsockname(listener.number, generic, &length) == 0
                else { throw POSIXError(.EADDRNOTAVAIL) }
            }
        }
        return (listener, Int(UInt16(bigEndian: address.sin_port)))
    }

    /// Two ends that lead to each other.
    static func pair() throws -> (Descriptor, Descriptor) {
        var ends: [Int32] = [-1, -1]
        socketpair(AF_UNIX, stream, 0, &ends)
        return (try Descriptor(ends[0]), try Descriptor(ends[1]))
    }

    /// The next client of a listener.
    static func accept(_ listener: Descriptor) throws -> Descriptor {
        let client = try Descriptor(Glibc.accept(listener.number, nil, nil))
        _ = fcntl(client.number, F_SETFD, FD_CLOEXEC)
        var on: Int32 = 1
        setsockopt(client.number, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
        return client
    }

    /// A session with the server whose Unix socket is at a path, or whose address and port are named.
    static func connect(to place: String) throws -> Descriptor {
        let parts = place.split(separator: ":")
        guard !place.hasPrefix("/"), let port = parts.last.flatMap({ UInt16($0) }), let host = parts.first else {
            return try connect(toPath: place)
        }
        let server = try Descriptor(socket(AF_INET, stream, 0))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = inet_addr(String(host))
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(server.number, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0 else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
        return server
    }

    private static func connect(toPath path: String) throws -> Descriptor {
        let server = try Descriptor(socket(AF_UNIX, stream, 0))
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        guard path.utf8.count < MemoryLayout.size(ofValue: address.sun_path) else { throw POSIXError(.ENAMETOOLONG) }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(server.number, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard status == 0 else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
        return server
    }
}

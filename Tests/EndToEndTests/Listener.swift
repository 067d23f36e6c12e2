import Foundation
import Glibc
import Support
import Synchronization

/// A listener of this machine that is no PostgreSQL: whoever connects gets the same bytes and no more.
final class Listener: Sendable {
    /// The address that it listens at, which counts as another machine's: only 127.0.0.1 is this one's.
    static let address = "127.0.0.2"

    let port: Int
    private let socket: Int32
    private let visitors = Visitors()

    /// How many have connected and said something.
    var visits: Int { visitors.count.load(ordering: .relaxed) }

    private final class Visitors: Sendable {
        let count = Atomic<Int>(0)
    }

    /// Answers the first message of everybody with these bytes.
    init(answering bytes: [UInt8]) throws {
        (socket, port) = try Self.open()
        let (socket, visitors) = (socket, visitors)
        Thread.detachNewThread {
            while true {
                let client = accept(socket, nil, nil)
                guard client >= 0 else { return }
                var message = [UInt8](repeating: 0, count: 4096)
                _ = read(client, &message, message.count)
                visitors.count.add(1, ordering: .relaxed)
                _ = bytes.withUnsafeBytes { write(client, $0.baseAddress, $0.count) }
                // Until the other end has had enough.
                while read(client, &message, message.count) > 0 {}
                close(client)
            }
        }
    }

    deinit {
        shutdown(socket, Int32(SHUT_RDWR))
        close(socket)
    }

    /// A port of that address that nobody has now.
    static func freePort() throws -> Int {
        let (socket, port) = try open()
        close(socket)
        return port
    }

    private static func open() throws -> (socket: Int32, port: Int) {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        inet_pton(AF_INET, address, &name.sin_addr)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(socket, $0, length) == 0 && listen(socket, 16) == 0 && getsockname(socket, $0, &length) == 0
            }
        }
        guard isBound else { throw POSIXError(POSIXError.Code(rawValue: errno) ?? .EIO) }
        return (socket, Int(UInt16(bigEndian: name.sin_port)))
    }
}

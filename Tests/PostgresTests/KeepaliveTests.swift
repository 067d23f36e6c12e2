import Glibc
import Support
import Testing

@testable import Postgres

@Suite("A connection over a network")
struct KeepaliveTests {
    @Test("is known to be dead within a minute, whether it is spoken or listened on")
    func limits() async throws {
        let found = try await blocking {
            let proxy = try Proxy(to: TestServer.shared)
            let connection = try Connection(
                to: proxy.target(for: Shared.database.connectionTarget()), name: "etl test")
            return [TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT, TCP_USER_TIMEOUT].map { option in
                var value: Int32 = 0
                var length = socklen_t(MemoryLayout<Int32>.size)
                getsockopt(connection.wire.socket, Int32(IPPROTO_TCP), option, &value, &length)
                return value
            }
        }
        #expect(found == [20, 5, 3, 40_000])
    }
}

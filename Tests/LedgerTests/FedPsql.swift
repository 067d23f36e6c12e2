import Foundation
import Glibc
import Support

/// A psql that says what it was fed and then waits for more: a client that stops in the middle of what it does.
final class FedPsql {
    private let program: RunningProgram
    /// Holds both ends of what it reads from, so that it never comes to an end.
    private let feed: Int32
    private let place: String

    /// Starts it on a database as a role, under a name of its own.
    init(in database: TestDatabase, as role: String = "postgres", name: String, saying words: String) throws {
        place = "/tmp/etl-feed-\(UUID().uuidString)"
        guard mkfifo(place, 0o600) == 0 else { throw POSIXError(.EIO) }
        let feed = open(place, O_RDWR | O_CLOEXEC)
        self.feed = feed
        _ = Array(words.utf8).withUnsafeBytes { write(feed, $0.baseAddress, $0.count) }
        let url = database.url.replacing("&user=postgres", with: "&user=\(role)&application_name=\(name)")
        program = try RunningProgram(
            TestServer.shared.psqlPath, arguments: ["-XAtq", "-v", "ON_ERROR_STOP=1", "-d", url, "-f", place])
    }

    deinit {
        program.kill(SIGKILL)
        close(feed)
        unlink(place)
    }
}

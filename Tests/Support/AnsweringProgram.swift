import Glibc
import PostgresSandbox

/// A program that stays and answers: a line of its input with a line of its output. It ends with the last reference to it.
public final class AnsweringProgram: Sendable {
    private let child: ChildProcess
    /// Our end of the pair of sockets that are its streams.
    private let socket: Int32

    /// Starts it; its errors are shown with ours.
    public init(_ command: [String], environment: [String: String] = plainEnvironment) throws {
        var ends: [Int32] = [-1, -1]
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
            throw NoAnswer(command: command)
        }
        defer { close(ends[1]) }
        var launch = Launch(command, environment: environment)
        launch.input = .descriptor(ends[1])
        launch.output = .descriptor(ends[1])
        launch.error = .inherited
        socket = ends[0]
        do {
            child = try launch.start()
        } catch {
            close(ends[0])
            throw error
        }
    }

    deinit {
        close(socket)
        child.wait()
    }

    /// Asks and waits for the answer, which blocks the thread. One question at a time.
    public func answer(to question: String) throws -> String {
        var left = Array((question + "\n").utf8)[...]
        while !left.isEmpty {
            let count = left.withUnsafeBytes { send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw NoAnswer(command: [question]) }
            left = left.dropFirst(count)
        }
        var answer: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while answer.last != UInt8(ascii: "\n") {
            let count = recv(socket, &piece, piece.count, 0)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw NoAnswer(command: [question]) }
            answer += piece[..<count]
        }
        return String(decoding: answer.dropLast(), as: UTF8.self)
    }
}

/// A program that should stay and answer did not.
struct NoAnswer: Error {
    /// What it was started with, or asked.
    let command: [String]
}

import Foundation
public import Postgres
import PostgresSandbox
import Synchronization

/// Stands on 127.0.0.1 between clients and a server, passes on what they say to each other, and does harm when told to.
public final class Proxy: Sendable {
    /// Who speaks.
    public enum Side: Sendable, CaseIterable {
        case client
        case server
    }

    /// What is done, mostly once. A session is named by the beginning of its `application_name`.
    public enum Harm: Sendable, Equatable {
        /// Once so many bytes came from one side, over all sessions, the session that brought the last one is cut.
        case cut(afterBytes: Int, from: Side)
        /// The client's COMMIT is not passed on, and the session is cut.
        case dropCommit(of: String)
        /// COMMIT is passed on; when the server has answered, the session is cut instead.
        case loseReply(of: String)
        /// The same with each third COMMIT, say, for as long as nothing else is asked for.
        case loseReplies(of: String, each: Int)
        /// COMMIT is passed on, and its answer is held back for ever: both sides stay, and nothing dies.
        case holdReply(of: String)
        /// The network dies under a client that waits for the answer to its COMMIT, which nobody gets: both sides
        /// stay, and hear nothing.
        case silenceAtCommit(of: String)
        /// The network dies while a client gets an answer, so that what it says next is not acknowledged.
        case silenceAtAnswer(of: String)
    }

    /// How sessions are passed on.
    public enum Manner: Sendable {
        /// Each to one backend.
        case faithfully
        /// Each to two in turn, with another one for every transaction: what a transaction pooler may do.
        case inTurns
        /// Each to one backend, without a look at what is said: for sessions that are encrypted, of which only bytes are known.
        case blindly
    }

    /// The port.
    public let port: Int
    private let core: ProxyCore
    /// Closed with the last reference, which wakes and ends every thread.
    private let alive: Descriptor

    /// Begins to listen. `delay` is put before everything that is passed on, in milliseconds.
    public convenience init(to server: TestServer, _ manner: Manner = .faithfully, delay: Int = 0) throws {
        try self.init(to: server.socket, manner, delay)
    }

    /// Begins to listen, and passes on to an address of TCP without a look at what is said.
    public convenience init(blindlyTo address: String, port: Int) throws {
        try self.init(to: "\(address):\(port)", .blindly, 0)
    }

    private init(to server: String, _ manner: Manner, _ delay: Int) throws {
        let (listener, port) = try Sockets.listen()
        self.port = port
        let (alive, end) = try Sockets.pair()
        self.alive = alive
        let core = ProxyCore(
            server: server, manner: manner, delay: delay, end: end)
        self.core = core
        Thread.detachNewThread {
            while core.wait(for: [listener.number])[0] {
                guard let client = try? Sockets.accept(listener) else { return }
                Thread.detachNewThread { ProxySession(client: client, core: core)?.pass() }
            }
        }
    }

    /// Does harm at the next occasion; what was asked for before and has not happened is forgotten.
    public func arm(_ harm: Harm) { core.arm(harm) }

    /// Whether all harm that was asked for has been done.
    public var isSpent: Bool { core.isSpent }

    /// How many bytes came from each side so far.
    public func bytes(from side: Side) -> Int { core.bytes(from: side) }

    /// Leads sessions that are opened from now on to another server.
    public func lead(to server: TestServer) { core.lead(to: server.socket) }

    /// A target reached through here instead of directly.
    public func target(for direct: ConnectionTarget) -> ConnectionTarget {
        // Where libpq is given a keyword twice, the last one counts.
        ConnectionTarget(
            keywords: direct.keywords + [
                ("host", "127.0.0.1"), ("port", String(port)), ("sslmode", "disable"), ("gssencmode", "disable"),
            ])
    }
}

extension TestServer {
    fileprivate var socket: String { "\(sandbox.socketDirectory)/.s.PGSQL.\(sandbox.port)" }
}

/// What the threads of a proxy share.
final class ProxyCore: Sendable {
    private struct State {
        var server: String
        var harm: Proxy.Harm?
        var bytes: [Proxy.Side: Int] = [:]
        var commits = 0
    }

    let manner: Proxy.Manner
    let delay: Int
    private let end: Descriptor
    private let state: Mutex<State>

    init(server: String, manner: Proxy.Manner, delay: Int, end: Descriptor) {
        self.manner = manner
        self.delay = delay
        self.end = end
        state = Mutex(State(server: server))
    }

    var server: String { state.withLock { $0.server } }
    var isSpent: Bool { state.withLock { $0.harm == nil } }

    func arm(_ harm: Proxy.Harm) { state.withLock { $0.harm = harm } }
    func lead(to server: String) { state.withLock { $0.server = server } }
    func bytes(from side: Proxy.Side) -> Int { state.withLock { $0.bytes[side, default: 0] } }

    /// Waits until one of the descriptors has something to read, and says which; none once the proxy is gone.
    func wait(for descriptors: [Int32]) -> [Bool] {
        var polled = (descriptors + [end.number]).map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        poll(&polled, nfds_t(polled.count), -1)
        let isGone = polled[descriptors.count].revents != 0
        return polled.prefix(descriptors.count).map { $0.revents != 0 && !isGone }
    }

    /// Counts bytes that came; where the session is to be cut within them, how many of them still pass.
    func count(_ bytes: Int, from side: Proxy.Side) -> Int? {
        state.withLock { state in
            let before = state.bytes[side, default: 0]
            state.bytes[side] = before + bytes
            guard case .cut(let limit, side) = state.harm, before + bytes > limit else { return nil }
            state.harm = nil
            return max(0, limit - before)
        }
    }

    /// Counts a COMMIT of a session; says whether it is one of those whose answers are lost.
    func losesReply(of session: String) -> Bool {
        state.withLock { state in
            guard case .loseReplies(let name, let each) = state.harm, session.hasPrefix(name) else { return false }
            state.commits += 1
            return state.commits % each == 0
        }
    }

    /// Takes the harm that is to be done to a session now, if it is one of these.
    func take(_ candidates: (String) -> [Proxy.Harm], to session: String) -> Proxy.Harm? {
        state.withLock { state in
            let name: String? =
                switch state.harm {
                case .dropCommit(let name), .loseReply(let name), .holdReply(let name),
                    .silenceAtCommit(let name), .silenceAtAnswer(let name):
                    name
                case .cut, .loseReplies, nil: nil
                }
            guard let name, session.hasPrefix(name), let harm = state.harm, candidates(name).contains(harm) else {
                return nil
            }
            state.harm = nil
            return harm
        }
    }
}

import Glibc

/// One client of a proxy, and the backend or backends that serve it.
final class ProxySession {
    private let core: ProxyCore
    private let client: Descriptor
    private var servers: [Descriptor] = []
    /// Which of them serves the client now.
    private var current = 0
    private var isBetweenTransactions = false
    private var fromClient = MessageStream(of: .client)
    private var fromServer = MessageStream(of: .server)
    private var name = ""
    /// Whether the next answer is kept from the client.
    private var losesReply = false

    /// Connects to the server; nil where that cannot be reached, and then the client is let go.
    init?(client: Descriptor, core: ProxyCore) {
        self.client = client
        self.core = core
        guard let server = try? Sockets.connect(to: core.server) else { return nil }
        servers = [server]
    }

    /// Passes on until one side has enough, or harm is done.
    func pass() {
        while true {
            let ready = core.wait(for: [client.number, servers[current].number])
            if ready[0] {
                guard passOn(from: .client) else { return }
            } else if ready[1] {
                guard passOn(from: .server) else { return }
            } else {
                return
            }
        }
    }

    /// Passes on what one side has said; false when the session is over.
    private func passOn(from side: Proxy.Side) -> Bool {
        let bytes = (side == .client ? client : servers[current]).read()
        if bytes.isEmpty { return false }
        if core.delay > 0 { poll(nil, 0, Int32(core.delay)) }
        let limit = core.count(bytes.count, from: side)
        let kept = bytes.prefix(limit ?? bytes.count)
        let isWritten = side == .client ? tellServer(kept) : tellClient(kept)
        return isWritten && limit == nil
    }

    private func tellServer(_ bytes: ArraySlice<UInt8>) -> Bool {
        if core.manner == .blindly { return servers[current].write(bytes) }
        if isBetweenTransactions, servers.count > 1 { current = 1 - current }
        isBetweenTransactions = false
        for message in fromClient.take(bytes) {
            // Nobody encrypts here, whatever the server could.
            if message.asksForEncryption { return client.write("N".utf8) }
            if let application = message.application {
                name = application
                if core.manner == .inTurns, !openSecond(startup: bytes) { return false }
            }
            guard message.isCommit else { continue }
            if core.losesReply(of: name) { losesReply = true }
            let harms: (String) -> [Proxy.Harm] = {
                [.dropCommit(of: $0), .silenceAtCommit(of: $0), .loseReply(of: $0), .holdReply(of: $0)]
            }
            switch core.take(harms, to: name) {
            case .dropCommit: return false
            case .holdReply: return servers[current].write(bytes) && staySilent()
            case .silenceAtCommit:
                client.loseEverything()
                return staySilent()
            case .loseReply: losesReply = true
            default: break
            }
        }
        return servers[current].write(bytes)
    }

    private func tellClient(_ bytes: ArraySlice<UInt8>) -> Bool {
        if core.manner == .blindly { return client.write(bytes) }
        if losesReply { return false }
        if fromServer.take(bytes).last?.endsTransaction ?? false { isBetweenTransactions = true }
        guard core.take({ [.silenceAtAnswer(of: $0)] }, to: name) != nil else { return client.write(bytes) }
        client.loseEverything()
        _ = client.write(bytes)
        return staySilent()
    }

    /// Keeps both sides as they are until the proxy is gone.
    private func staySilent() -> Bool {
        _ = core.wait(for: [])
        return false
    }

    /// Opens another session as the same client, and hears the server out.
    private func openSecond(startup: ArraySlice<UInt8>) -> Bool {
        guard let second = try? Sockets.connect(to: core.server), second.write(startup) else { return false }
        var answers = MessageStream(of: .server)
        while true {
            let bytes = second.read()
            if bytes.isEmpty { return false }
            if answers.take(bytes).contains(where: \.endsTransaction) { break }
        }
        servers.append(second)
        return true
    }
}

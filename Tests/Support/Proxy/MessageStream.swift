/// What one side of a session says, cut into the messages of PostgreSQL's protocol.
struct MessageStream {
    /// One message; the first ones of a client have no type.
    struct Message {
        let type: UInt8?
        let body: [UInt8]

        /// A COMMIT that goes alone in its message.
        var isCommit: Bool {
            type == UInt8(ascii: "Q") && String(decoding: body.dropLast(), as: UTF8.self).lowercased() == "commit"
        }

        /// The server is ready for another transaction, in any session of the same kind.
        var endsTransaction: Bool { type == UInt8(ascii: "Z") && body == [UInt8(ascii: "I")] }

        /// A client that asks whether it may encrypt.
        var asksForEncryption: Bool {
            type == nil && body.count == 4 && [80_877_103, 80_877_104].contains(number(body, at: 0))
        }

        /// A client that says who it is, and the name that it gives its session.
        var application: String? {
            guard type == nil, body.count > 8, number(body, at: 0) == 196_608 else { return nil }
            let words = body.dropFirst(4).split(separator: 0, omittingEmptySubsequences: false)
                .map { String(decoding: $0, as: UTF8.self) }
            let place = words.firstIndex(of: "application_name")
            return place.map { words[$0 + 1] } ?? ""
        }
    }

    private var rest: [UInt8] = []
    private var isBeginning: Bool

    /// The messages of a client begin without types, those of a server do not.
    init(of side: Proxy.Side) {
        isBeginning = side == .client
    }

    /// Takes bytes in, and gives the messages that are whole with them.
    mutating func take(_ bytes: some Sequence<UInt8>) -> [Message] {
        rest += bytes
        var messages: [Message] = []
        var start = 0
        while true {
            let head = isBeginning ? 0 : 1
            guard rest.count >= start + head + 4 else { break }
            let end = start + head + number(rest, at: start + head)
            guard rest.count >= end else { break }
            let message = Message(
                type: isBeginning ? nil : rest[start], body: Array(rest[(start + head + 4)..<end]))
            if message.application != nil { isBeginning = false }
            messages.append(message)
            start = end
        }
        rest.removeFirst(start)
        return messages
    }
}

/// The four bytes at a place, as the network orders them.
private func number(_ bytes: [UInt8], at place: Int) -> Int {
    bytes[place..<(place + 4)].reduce(0) { $0 << 8 | Int($1) }
}

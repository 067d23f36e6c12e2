#if ETL_FAULTS
    /// A call to libpq, as far as it matters for where a fault makes a difference.
    struct Call {
        /// The session.
        let wire: ObjectIdentifier
        /// Whether bytes may be sent or heard by it; where that is not certain, they may.
        let maySend: Bool
        let mayHear: Bool
        /// A flush that has nothing to send does nothing, and libpq always says that it went well.
        let canFail: Bool
        /// Whether it is the session's first since it last waited for the server.
        let isAfterWait: Bool
        /// Whether it is the session's first of all.
        let isFirst: Bool
    }

    /// How many calls there were, and at how many of them each fault may do what it does at no other: its moments.
    ///
    /// - A call that fails leads its caller astray where it stands: each that can fail is a moment.
    /// - A session that hangs is found out by its next wait and by nothing else: all calls between two waits are one moment.
    /// - A socket that is cut has passed on what was sent, and what has arrived is still heard. So a moment comes after each call
    ///   that may send or hear. Before a call it is the same moment as after the one that did so last, unless that was
    ///   another session's, or nobody has yet on this one.
    /// - A process that is killed leaves what it has sent; what it has heard dies with it. So a moment comes after each
    ///   call that may send, and before a session's first.
    struct CallCounts: CustomStringConvertible {
        private(set) var calls = 0
        private var moments: [Seam.Fault: Int] = [:]
        private var lastMover: ObjectIdentifier?

        /// Whether a fault at this call, which is the next, may do what it did at none so far.
        func isMoment(of fault: Seam.Fault, _ call: Call) -> Bool {
            switch fault {
            case .fail: call.canFail
            case .hang: call.isAfterWait
            case .cut: call.isFirst || lastMover != call.wire
            case .cutAfter: call.maySend || call.mayHear
            case .kill: call.isFirst
            case .killAfter: call.maySend
            }
        }

        /// How many moments of a fault there were so far.
        func moments(of fault: Seam.Fault) -> Int { moments[fault, default: 0] }

        mutating func add(_ call: Call) {
            for fault in Seam.Fault.allCases where isMoment(of: fault, call) { moments[fault, default: 0] += 1 }
            calls += 1
            if call.maySend || call.mayHear { lastMover = call.wire }
        }

        /// A line for the calls, then one for each fault with its moments.
        var description: String {
            "\(calls)\n" + Seam.Fault.allCases.map { "\($0.rawValue) \(moments(of: $0))\n" }.joined()
        }
    }
#endif

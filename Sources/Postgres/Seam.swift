#if ETL_FAULTS
    import Glibc
    import Synchronization

    /// Where a test build makes the n-th call to libpq fail, hang, cut the socket or kill the process.
    ///
    /// A release is built without this file's contents.
    public final class Seam: Sendable {
        /// What happens at the chosen call.
        public enum Fault: String, Sendable, CaseIterable {
            /// The call is not made and counts as failed.
            case fail
            /// The call is made, and nothing is heard from the server any more: every deadline passes, all too soon, and so does
            /// the time that the system gives a machine that is cut off.
            case hang
            /// The socket is cut before the call.
            case cut
            /// The socket is cut after the call.
            case cutAfter = "cut-after"
            /// The process is killed before the call.
            case kill
            /// The process is killed after the call.
            case killAfter = "kill-after"
        }

        /// Which call is chosen.
        public enum Place: Sendable {
            /// One of all calls, counted from 1.
            case call(Int)
            /// One of those at which the fault may do what it does at no other, counted from 1 (`CallCounts`).
            case moment(Int)
        }

        /// How long a session that hangs waits for either.
        static let hangMilliseconds: Int32 = 200

        private let chosen: (fault: Fault, place: Place)?
        /// Whether anybody wants to know the counts: they cost a tenth of what a test build does.
        private let isCounting: Bool
        private let counts = Mutex(CallCounts())

        /// No fault: calls are only counted.
        public init(counting: Bool = true) {
            chosen = nil
            isCounting = counting
        }

        /// The fault happens at one call.
        public init(_ fault: Fault, at place: Place) {
            chosen = (fault, place)
            isCounting = true
        }

        /// How many calls were made so far.
        public var calls: Int { counts.withLock { $0.calls } }

        /// The seam of this process: `ETL_FAULT=<call>:<fault>` chooses, or `ETL_FAULT=m<moment>:<fault>`. A process that ends
        /// in order writes how many calls it made, and how many moments there were for each fault, to the file that `ETL_CALLS`
        /// names.
        public static let process: Seam = {
            let isCounting = getenv("ETL_CALLS") != nil
            if isCounting {
                atexit {
                    guard let path = getenv("ETL_CALLS"), let file = fopen(path, "w") else { return }
                    fputs(Seam.process.counts.withLock { $0.description }, file)
                    fclose(file)
                }
            }
            guard let setting = getenv("ETL_FAULT") else { return Seam(counting: isCounting) }
            let parts = String(validatingCString: setting)?.split(separator: ":") ?? []
            guard parts.count == 2, let fault = Fault(rawValue: String(parts[1])) else { return Seam() }
            if let call = Int(parts[0]) { return Seam(fault, at: .call(call)) }
            guard parts[0].hasPrefix("m"), let moment = Int(parts[0].dropFirst()) else { return Seam() }
            return Seam(fault, at: .moment(moment))
        }()

        /// Counts a call and says what must happen at it.
        func next(_ call: Call) -> Fault? {
            guard isCounting else { return nil }
            let before = counts.withLock { counts in
                defer { counts.add(call) }
                return counts
            }
            guard let chosen else { return nil }
            switch chosen.place {
            case .call(let number): return number == before.calls + 1 ? chosen.fault : nil
            case .moment(let number):
                let isMoment = before.isMoment(of: chosen.fault, call)
                return isMoment && number == before.moments(of: chosen.fault) + 1 ? chosen.fault : nil
            }
        }
    }
#endif

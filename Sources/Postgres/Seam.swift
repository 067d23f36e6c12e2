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
            /// The call is made, and nothing is heard from the server any more: every deadline passes, all too soon.
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

        /// How long a session that hangs waits for its deadline, if it has one.
        static let hangMilliseconds: Int32 = 200

        private let call: Int
        private let fault: Fault?
        private let counter = Atomic<Int>(0)

        /// No fault: calls are only counted.
        public init() {
            call = 0
            fault = nil
        }

        /// The fault happens at the `call`-th call, counted from 1.
        public init(_ fault: Fault, atCall call: Int) {
            self.call = call
            self.fault = fault
        }

        /// How many calls were made so far.
        public var calls: Int { counter.load(ordering: .sequentiallyConsistent) }

        /// The seam of this process: `ETL_FAULT=<call>:<fault>` chooses.
        public static let process: Seam = {
            guard let setting = getenv("ETL_FAULT") else { return Seam() }
            let parts = String(validatingCString: setting)?.split(separator: ":") ?? []
            guard parts.count == 2, let call = Int(parts[0]), let fault = Fault(rawValue: String(parts[1])) else {
                return Seam()
            }
            return Seam(fault, atCall: call)
        }()

        /// Counts a call and says what must happen at it.
        func next() -> Fault? {
            let number = counter.wrappingAdd(1, ordering: .sequentiallyConsistent).newValue
            return number == call ? fault : nil
        }
    }
#endif

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

        /// How long a session that hangs waits for either.
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

        /// The seam of this process: `ETL_FAULT=<call>:<fault>` chooses. A process that ends in order writes how many calls
        /// it made to the file that `ETL_CALLS` names.
        public static let process: Seam = {
            if getenv("ETL_CALLS") != nil {
                atexit {
                    guard let path = getenv("ETL_CALLS"), let file = fopen(path, "w") else { return }
                    fputs("\(Seam.process.calls)\n", file)
                    fclose(file)
                }
            }
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

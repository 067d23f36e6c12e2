import CLibPQ
import Dispatch
import Glibc

/// The one seam through which every call to libpq goes: a handle, and the calls on it.
///
/// A test build can make each of them fail, hang or cut (`Seam`); a release only makes the call.
final class Wire {
    let handle: OpaquePointer
    #if ETL_FAULTS
        private let seam: Seam
        /// Whether nothing is heard from the server any more.
        private(set) var hangs = false
        /// Whether no call was made yet, and whether none was since the last wait for the server.
        private var isFresh = true
        private var hasWaited = true
        /// Whether libpq may hold back bytes that the next flush sends.
        private var holdsBack = false

        init(handle: OpaquePointer, seam: Seam) {
            self.handle = handle
            self.seam = seam
        }
    #else
        init(handle: OpaquePointer) {
            self.handle = handle
        }
    #endif

    deinit {
        PQfinish(handle)
    }

    var socket: Int32 { PQsocket(handle) }
    var status: ConnStatusType { PQstatus(handle) }
    var backendPID: Int32 { PQbackendPID(handle) }

    /// Notes that the server is waited for now.
    func noteWait() {
        #if ETL_FAULTS
            hasWaited = true
        #endif
    }

    /// What the server reported of a setting last; nil for one that it does not report.
    func reported(_ setting: String) -> String? {
        PQparameterStatus(handle, setting).map { String(cString: $0) }
    }

    /// What libpq says went wrong last, on one line.
    var errorMessage: String { text(PQerrorMessage(handle)) }

    func connectPoll() -> PostgresPollingStatusType {
        call(.talks, failing: PGRES_POLLING_FAILED) { PQconnectPoll(handle) }
    }

    func send(_ sql: SQL) -> Bool {
        let parameters = sql.parameters
        let text = sql.text
        if parameters.isEmpty {
            return call(Motion(ofBytes: text.utf8.count), failing: 0) { PQsendQuery(handle, text) } == 1
        }
        let types = parameters.map { Oid($0.typeOID) }
        let values = parameters.map(\.binary)
        let lengths = values.map { Int32($0?.count ?? 0) }
        let formats = [Int32](repeating: 1, count: values.count)
        let motion = Motion(ofBytes: lengths.reduce(text.utf8.count) { $0 + Int($1) })
        return withPointers(to: values[...]) { pointers in
            call(motion, failing: 0) {
                PQsendQueryParams(handle, text, Int32(values.count), types, pointers, lengths, formats, 0)
            }
        } == 1
    }

    /// 0 when everything is sent, 1 when the socket takes no more now, -1 when it failed.
    func flush() -> Int32 {
        let state = call(.sendsRest, failing: -1) { PQflush(handle) }
        #if ETL_FAULTS
            holdsBack = state != 0
        #endif
        return state
    }

    func consumeInput() -> Bool { call(.hears, failing: 0) { PQconsumeInput(handle) } == 1 }

    var isBusy: Bool { PQisBusy(handle) == 1 }

    /// The next result; nil when the statement has no more.
    func nextResult() -> ResultTable? { PQgetResult(handle).map(ResultTable.init(taking:)) }

    /// 1 when the piece was taken, 0 when the socket takes no more now, -1 when it failed.
    func putCopyData(_ piece: UnsafeRawBufferPointer) -> Int32 {
        call(.sends(many: true), failing: -1) {
            PQputCopyData(handle, piece.bindMemory(to: CChar.self).baseAddress, Int32(piece.count))
        }
    }

    func putCopyEnd() -> Int32 { call(.sends(many: true), failing: -1) { PQputCopyEnd(handle, nil) } }

    /// One row of COPY TO STDOUT: its bytes are lent to `body`. Positive: a row; 0: none yet; -1: the end; -2: failed.
    func getCopyData(_ body: (UnsafeRawBufferPointer) throws -> Void) rethrows -> Int32 {
        var buffer: UnsafeMutablePointer<CChar>?
        let length = call(.none, failing: -2) { PQgetCopyData(handle, &buffer, 1) }
        guard let buffer else { return length }
        defer { PQfreemem(buffer) }
        try body(UnsafeRawBufferPointer(start: buffer, count: Int(max(0, length))))
        return length
    }

    /// Asks the server, over a connection of its own, to cancel the statement in hand.
    ///
    /// Waits two seconds for the request to be taken: PQcancel itself knows no deadline, and a server that is frozen or
    /// cut off would hold up whoever wants to end.
    func cancel() {
        // Only the errand below uses the request; it is a copy that outlives the session.
        nonisolated(unsafe) let request = PQgetCancel(handle)
        guard request != nil else { return }
        let taken = DispatchSemaphore(value: 0)
        DispatchQueue(label: "cancel request").async {
            var reason = [CChar](repeating: 0, count: 256)
            _ = PQcancel(request, &reason, Int32(reason.count))
            PQfreeCancel(request)
            taken.signal()
        }
        _ = taken.wait(timeout: .now() + 2)
    }

    /// What a call may do on the socket.
    private enum Motion {
        /// Nothing: it works on what libpq has already.
        case none
        /// Bytes may go out; where there are many, some may be left for the next flush.
        case sends(many: Bool)
        /// What was left goes out, if anything was.
        case sendsRest
        /// Bytes may come in, and what was left goes out.
        case hears
        /// Both, as while a session is opened.
        case talks

        /// That of a statement. Nothing is on its way before it, so a small one goes at once.
        init(ofBytes count: Int) {
            self = .sends(many: count >= 1 << 14)
        }
    }

    private func call<R>(_ motion: Motion, failing failure: R, _ body: () -> R) -> R {
        #if ETL_FAULTS
            switch seam.next(noted(motion)) {
            case nil: return body()
            case .fail:
                // A session whose call failed is given up; without a socket nothing can be heard on it by mistake.
                shutdown(socket, Int32(SHUT_RDWR))
                return failure
            case .hang:
                hangs = true
                return body()
            case .cut:
                shutdown(socket, Int32(SHUT_RDWR))
                return body()
            case .cutAfter:
                let result = body()
                shutdown(socket, Int32(SHUT_RDWR))
                return result
            case .kill:
                kill(getpid(), SIGKILL)
                return failure
            case .killAfter:
                _ = body()
                kill(getpid(), SIGKILL)
                return failure
            }
        #else
            return body()
        #endif
    }

    #if ETL_FAULTS
        private func noted(_ motion: Motion) -> Call {
            var (maySend, mayHear, canFail) = (false, false, true)
            switch motion {
            case .none: break
            case .sends: maySend = true
            case .sendsRest: (maySend, canFail) = (holdsBack, holdsBack)
            case .hears: (maySend, mayHear) = (holdsBack, true)
            case .talks: (maySend, mayHear) = (true, true)
            }
            defer {
                (isFresh, hasWaited) = (false, false)
                if case .sends(many: true) = motion { holdsBack = true }
            }
            return Call(
                wire: ObjectIdentifier(self), maySend: maySend, mayHear: mayHear, canFail: canFail,
                isAfterWait: hasWaited, isFirst: isFresh)
        }
    #endif
}

/// The text behind a C string of libpq, its lines joined; bytes that are no UTF-8 are shown as such.
func text(_ pointer: UnsafePointer<CChar>?) -> String {
    guard let pointer else { return "" }
    let bytes = UnsafeRawBufferPointer(start: pointer, count: strlen(pointer))
    let lines = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline)
    return lines.map { $0.trimmingPrefix(while: \.isWhitespace) }.joined(separator: "; ")
}

/// Lends C pointers to every value at once, without a copy; nil stands for NULL.
private func withPointers<R>(
    to values: ArraySlice<[UInt8]?>, after pointers: [UnsafePointer<CChar>?] = [],
    _ body: ([UnsafePointer<CChar>?]) -> R
) -> R {
    guard let value = values.first else { return body(pointers) }
    guard let value else { return withPointers(to: values.dropFirst(), after: pointers + [nil], body) }
    return value.withUnsafeBytes { bytes in
        // An empty value must have an address, too: a null pointer would mean NULL. It is not read.
        let address = bytes.count > 0 ? bytes.baseAddress : UnsafeRawPointer(bitPattern: 1)
        return withPointers(
            to: values.dropFirst(), after: pointers + [address?.assumingMemoryBound(to: CChar.self)], body)
    }
}

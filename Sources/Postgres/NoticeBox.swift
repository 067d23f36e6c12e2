import CLibPQ

/// Keeps the warnings that a session's server sends, instead of libpq printing them raw on stderr.
final class NoticeBox {
    private var warnings: [ServerError] = []

    /// Registers with a connection; the box must live as long as the connection does.
    func receive(from handle: OpaquePointer) {
        PQsetNoticeReceiver(
            handle,
            { context, result in
                guard let context, let result else { return }
                Unmanaged<NoticeBox>.fromOpaque(context).takeUnretainedValue().add(result)
            }, Unmanaged.passUnretained(self).toOpaque())
    }

    func take() -> [ServerError] {
        defer { warnings = [] }
        return warnings
    }

    /// Whether a warning of this SQLSTATE came and was not taken yet.
    func has(_ sqlstate: String) -> Bool { warnings.contains { $0.sqlstate == sqlstate } }

    private func add(_ result: OpaquePointer) {
        let field = { (code: Unicode.Scalar) -> String? in
            PQresultErrorField(result, Int32(code.value)).map { text($0) }
        }
        guard field("V") == "WARNING", warnings.count < 100 else { return }
        warnings.append(
            ServerError(
                severity: "WARNING", sqlstate: field("C") ?? "01000", message: field("M") ?? "",
                detail: field("D"), hint: field("H")))
    }
}

import CLibPQ
import Glibc

/// The rows that a statement gave, as text; they live as long as this value.
public final class ResultTable {
    private let result: OpaquePointer

    init(taking result: OpaquePointer) {
        self.result = result
    }

    deinit {
        PQclear(result)
    }

    var status: ExecStatusType { PQresultStatus(result) }

    /// How many rows there are.
    public var count: Int { Int(PQntuples(result)) }

    /// The command tag, such as `COMMIT` or `INSERT 0 5`.
    var commandTag: String { text(PQcmdStatus(result)) }

    /// How many rows the statement wrote, where it says so.
    public var affectedRows: Int { Int(text(PQcmdTuples(result))) ?? 0 }

    /// The rows, in order.
    public var rows: [Row] { (0..<count).map { Row(table: self, index: Int32($0)) } }

    /// The first row, if there is one.
    public var first: Row? { count > 0 ? Row(table: self, index: 0) : nil }

    /// The value of a field as bytes; nil for NULL.
    func bytes(row: Int32, column: Int32) -> [UInt8]? {
        guard PQgetisnull(result, row, column) == 0, let value = PQgetvalue(result, row, column) else { return nil }
        return Array(UnsafeRawBufferPointer(start: value, count: Int(PQgetlength(result, row, column))))
    }

    /// The value of a field as a whole number; nil for NULL and for anything else.
    func int(row: Int32, column: Int32) -> Int64? {
        // NULL is empty, and a number begins with no white space, which strtoll would pass over.
        guard let value = PQgetvalue(result, row, column), value.pointee > 0x20 else { return nil }
        var end: UnsafeMutablePointer<CChar>?
        errno = 0
        let number = strtoll(value, &end, 10)
        return errno == 0 && end == value + Int(PQgetlength(result, row, column)) ? Int64(number) : nil
    }

    /// What the server said where the statement failed.
    var serverError: ServerError? {
        guard let sqlstate = field("C") else { return nil }
        return ServerError(
            severity: field("V") ?? field("S") ?? "ERROR", sqlstate: sqlstate, message: field("M") ?? "",
            detail: field("D"), hint: field("H"), schema: field("s"), table: field("t"), column: field("c"),
            constraint: field("n"), position: field("P").flatMap(Int.init))
    }

    /// libpq's own words, where the failure has no SQLSTATE.
    var errorMessage: String { text(PQresultErrorMessage(result)) }

    private func field(_ code: Unicode.Scalar) -> String? {
        guard let value = PQresultErrorField(result, Int32(code.value)) else { return nil }
        return text(value)
    }
}

/// One row of a result, by column number.
public struct Row {
    let table: ResultTable
    let index: Int32

    /// The field as PostgreSQL prints it, as bytes; nil for NULL.
    public func bytes(_ column: Int) -> [UInt8]? { table.bytes(row: index, column: Int32(column)) }

    /// The field as text; nil for NULL.
    public func text(_ column: Int) -> String? {
        bytes(column).map { String(decoding: $0, as: UTF8.self) }
    }

    /// The field as a whole number; nil for NULL and for anything else.
    public func int(_ column: Int) -> Int64? { table.int(row: index, column: Int32(column)) }

    /// Whether the field is true.
    public func bool(_ column: Int) -> Bool { text(column) == "t" }

    /// The field as a number; nil for NULL and for anything else.
    public func double(_ column: Int) -> Double? { text(column).flatMap(Double.init) }
}

public import PostgresSandbox

extension Sandbox {
    /// Runs SQL in the real psql, which shares nothing with our own session, and returns what it prints:
    /// a line a row, columns separated by `|`, without the last newline.
    ///
    /// Several statements run one by one, each in its own transaction, up to the first that fails.
    @discardableResult
    public func query(_ sql: String, in database: String = "postgres") throws -> String {
        let result = try runProgram(
            psql,
            arguments: ["-XAtq", "-v", "ON_ERROR_STOP=1", "-d", url(database: database), "-f", "-"],
            input: Array(sql.utf8))
        guard result.status == 0 else { throw PsqlFailure(sql: sql, message: result.stderr) }
        var output = result.output
        if output.hasSuffix("\n") { output.removeLast() }
        return output
    }
}

/// psql refused a statement.
public struct PsqlFailure: Error, CustomStringConvertible {
    /// What it was given.
    public let sql: String
    /// What it said.
    public let message: String

    /// Both, for the report of the failed test.
    public var description: String { "psql: \(message)in: \(sql)" }
}

/// A script of SQL statements, told apart and checked before any of them runs.
///
/// It is read as psql and the server would read it, except that psql's own commands, transaction control and
/// COPY through the connection are refused. The session that runs it must have
/// `standard_conforming_strings = on`.
public struct SQLScript: Equatable, Sendable {
    /// What errors call it, usually its path in the project.
    public let name: String
    /// The statements in order; empty ones are left out.
    public let statements: [SQLStatement]

    /// Reads a script; a UTF-8 byte order mark at its start is skipped, as by psql.
    public init(name: String, bytes: [UInt8]) throws(SQLTextError) {
        self.name = name
        try Self.checkEncoding(name: name, bytes: bytes)
        let start = bytes.starts(with: [0xef, 0xbb, 0xbf]) ? 3 : 0
        var tokenizer = SQLTokenizer(script: name, bytes: bytes, from: start)
        var collector = StatementCollector(script: name)
        var statements: [SQLStatement] = []
        while let token = try tokenizer.next() {
            guard let tokens = try collector.take(token) else { continue }
            statements.append(SQLStatement(tokens: tokens, of: bytes))
        }
        if let tokens = try collector.finish() {
            statements.append(SQLStatement(tokens: tokens, of: bytes))
        }
        self.statements = statements
    }

    /// The script in the form that comments, white space, line endings and the case of words do not change.
    ///
    /// It is what a fingerprint is made of. Two scripts with different tokens never have the same.
    public var canonicalText: [UInt8] {
        var text: [UInt8] = []
        for statement in statements {
            text += statement.canonicalText
            text += Array(" ;\n".utf8)
        }
        return text
    }

    private static func checkEncoding(name: String, bytes: [UInt8]) throws(SQLTextError) {
        if let nul = bytes.firstIndex(of: 0) {
            throw SQLTextError(script: name, line: line(of: nul, in: bytes), reason: .nulByte)
        }
        do throws(UTF8.ValidationError) {
            _ = try UTF8Span(validating: bytes.span)
        } catch {
            let line = line(of: error.byteOffsets.lowerBound, in: bytes)
            throw SQLTextError(script: name, line: line, reason: .notUTF8)
        }
    }

    private static func line(of offset: Int, in bytes: [UInt8]) -> Int {
        bytes[..<offset].count { $0 == 0x0a } + 1
    }
}

/// One statement of a script.
public struct SQLStatement: Equatable, Sendable {
    /// The statement as it was written, from its first token to its last, without the semicolon.
    public let text: String
    /// The line of its first token in the script, counted from 1.
    public let line: Int
    /// Its tokens, the semicolon left out.
    public let tokens: [SQLToken]

    /// The tokens must be some, in order, and the bytes they were cut from valid UTF-8.
    init(tokens: [SQLToken], of bytes: [UInt8]) {
        self.tokens = tokens
        let range = (tokens.first?.range.lowerBound ?? 0)..<(tokens.last?.range.upperBound ?? 0)
        text = String(decoding: bytes[range], as: UTF8.self)
        line = tokens.first?.line ?? 1
    }

    /// The tokens in canonical form with a space between them.
    public var canonicalText: [UInt8] {
        Array(tokens.lazy.map(\.canonical).joined(separator: [0x20]))
    }
}

import Postgres

/// Reads the SQL files that stages name.
struct ScriptReader {
    let files: ProjectFiles
    let problems: ProblemList

    /// What a statement for ranges of keys is there for.
    enum Purpose: String {
        /// It writes.
        case batch
        /// It gives what differs, and writes nothing.
        case proof
    }

    /// The script that a key names; nil when it leaves a problem.
    func script(of object: ObjectReader, at key: String = "sql") -> SQLScript? {
        object.string(key).flatMap { script(path: $0, named: key, by: object) }
    }

    /// The script or the scripts that a key names; nil when it leaves a problem.
    func scripts(of object: ObjectReader, at key: String = "sql") -> [SQLScript]? {
        guard let paths = object.oneOrMore(key) else { return nil }
        let scripts = paths.compactMap { script(path: $0, named: key, by: object) }
        return scripts.count == paths.count ? scripts : nil
    }

    private func script(path: String, named key: String, by object: ObjectReader) -> SQLScript? {
        let bytes: [UInt8]
        do throws(ProjectFiles.Fault) {
            bytes = try files.read(path)
        } catch {
            object.complain(about: key, "names \(quotation(path)): \(error.message)")
            return nil
        }
        do throws(SQLTextError) {
            let script = try SQLScript(name: path, bytes: bytes)
            if !script.statements.isEmpty { return script }
            problems.add(file: path, line: nil, "the file holds no statement")
        } catch {
            problems.add(file: path, line: error.line, error.message)
        }
        return nil
    }

    /// The statement for ranges of keys in the file that a key names; nil when it leaves a problem.
    func statement(
        of object: ObjectReader, at key: String = "sql", for purpose: Purpose
    ) -> RangedStatement? {
        guard let script = script(of: object, at: key), let statement = script.statements.first else { return nil }
        do throws(RangedStatement.Fault) {
            let ranged = try RangedStatement(script)
            guard let objection = objection(to: statement, for: purpose) else { return ranged }
            problems.add(file: script.name, line: statement.line, objection)
        } catch {
            let (line, message) = explanation(of: error, in: script, for: purpose)
            problems.add(file: script.name, line: line, message)
        }
        return nil
    }

    private func objection(to statement: SQLStatement, for purpose: Purpose) -> String? {
        switch purpose {
        case .batch where !statement.writes: return "a batch must be INSERT, UPDATE, DELETE, MERGE, or WITH one of them"
        case .proof where !statement.isQuery: return "a proof must be a query: SELECT, WITH, TABLE or VALUES"
        case .batch, .proof: break
        }
        return statement.namesSource ? nil : "no table is called source here, as it is where :range stands"
    }

    private func explanation(
        of fault: RangedStatement.Fault, in script: SQLScript, for purpose: Purpose
    ) -> (line: Int?, message: String) {
        switch fault {
        case .notOneStatement(let count):
            (script.statements.dropFirst().first?.line, "a \(purpose) must be one statement, not \(count)")
        case .notOneRange(0):
            (script.statements.first?.line, "a \(purpose) must say :range where the condition for a range of keys goes")
        case .notOneRange(let count):
            (script.statements.first?.line, "a \(purpose) must say :range once, not \(count) times")
        case .parameter(let line):
            (line, "parameters such as $1 are not for scripts: there is no value for them")
        }
    }
}

extension SQLStatement {
    /// The statements that write rows.
    private static func isWriting(_ token: SQLToken) -> Bool {
        token.isWord("insert") || token.isWord("update") || token.isWord("delete") || token.isWord("merge")
    }

    /// Whether it writes rows, itself or in a WITH: there the word follows a parenthesis.
    fileprivate var writes: Bool {
        guard let first = tokens.first else { return false }
        guard first.isWord("with") else { return Self.isWriting(first) }
        return zip(tokens, tokens.dropFirst()).contains { before, token in
            (before.isSymbol("(") || before.isSymbol(")")) && Self.isWriting(token)
        }
    }

    fileprivate var isQuery: Bool {
        guard let first = tokens.first, !writes else { return false }
        return first.isWord("select") || first.isWord("with") || first.isWord("table") || first.isWord("values")
    }

    /// Whether something in it is called `source`, as the condition for a range of keys calls the table.
    fileprivate var namesSource: Bool {
        tokens.contains { token in
            token.isWord("source")
                || (token.kind == .quotedIdentifier && token.canonical.elementsEqual("\"source\"".utf8))
        }
    }
}

import Postgres

extension ObjectReader {
    /// One SQL expression in canonical form, which holds no comment that could hide what is put behind it; nil when the
    /// key is not there, too.
    func expression(_ key: String) -> String? {
        guard let text = string(key, .optional) else { return nil }
        do throws(SQLTextError) {
            let script = try SQLScript(name: "", bytes: Array(text.utf8))
            guard script.statements.count == 1, let only = script.statements.first else {
                complain(about: key, "must be one expression")
                return nil
            }
            // It is put into statements that have values of their own.
            guard !only.tokens.contains(where: { $0.kind == .parameter }) else {
                complain(about: key, "holds a parameter, for which there is no value")
                return nil
            }
            return String(decoding: only.canonicalText, as: UTF8.self)
        } catch {
            complain(about: key, "is no SQL expression: \(error.message)")
        }
        return nil
    }
}

import Postgres

/// Reads what is particular to a retire stage.
struct RetirementReader {
    let stage: ObjectReader
    let earlier: EarlierStages

    /// The retirement; nil when it, or the stage that it names, leaves a problem.
    func read() -> Retirement? {
        let table = stage.identifier("table")
        let key = stage.identifiers("key")
        let columns = stage.identifiers("columns")
        let proof = earlier.stage("proof", of: stage, kinds: [.verify])
        if let key, let columns, let both = columns.first(where: key.contains) {
            stage.complain(about: "columns", "names \(quotation(both.name)), which is part of the key")
            return nil
        }
        guard let table, let key, let columns, let proof else { return nil }
        let retirement = Retirement(table: table, key: key, columns: columns, proof: proof.name)
        return isProven(retirement, by: proof) ? retirement : nil
    }

    /// A column is safe to drop only where everything that it holds was read, and shown to be elsewhere, row by row.
    private func isProven(_ retirement: Retirement, by stage: Stage) -> Bool {
        guard case .verify(let verification) = stage.work else { return false }
        let read = verification.proofs.flatMap { proof -> [Identifier] in
            guard case .stream(let stream) = proof.subject, stream.source.table == retirement.table,
                stream.source.key == retirement.key
            else { return [] }
            return stream.source.columns
        }
        let unproven = retirement.columns.filter { !read.contains($0) }
        guard !unproven.isEmpty else { return true }
        let names = unproven.map { quotation($0.name) }.joined(separator: ", ")
        self.stage.complain(
            about: "columns",
            "names \(names), which no stream that \(quotation(stage.name)) proves reads from "
                + "\(quotation(retirement.table.name)) by this key")
        return false
    }
}

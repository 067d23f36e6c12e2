import Ledger
import Pipelines
import Postgres

/// What the stages of a pipeline must be allowed.
struct StageNeeds {
    let schema: Identifier
    let ledger: Identifier
    /// The constraints that the catalogue lacks.
    let lacking: [Constraint]
    /// The streams whose targets hold rows that theirs must be merged with.
    let merging: [Pipelines.Stream]

    /// What one stage must be allowed.
    func of(_ stage: Stage) -> Set<PrivilegeNeed> {
        var needs: Set<PrivilegeNeed> = [.useSchema(schema)]
        switch stage.work {
        case .check: break
        case .sql(let scripts):
            for statement in scripts.flatMap(\.statements) { needs.formUnion(of(statement)) }
        case .stream(let stream): needs.formUnion(of(stream))
        case .batch(let batch): needs.formUnion([.act(.select, name(batch.table)), .act(.update, name(batch.table))])
        case .constraints(let constraints):
            for constraint in constraints where lacking.contains(constraint) { needs.formUnion(of(constraint)) }
        case .verify(let verification):
            for proof in verification.proofs {
                needs.insert(.act(.select, name(proof.source.table)))
                guard case .stream(let stream) = proof.subject else { continue }
                for target in stream.targets { needs.insert(.act(.select, name(target.table))) }
            }
        case .retire(let retirement): needs.formUnion([.own(name(retirement.table)), .createIn(ledger)])
        }
        return needs
    }

    /// What every run must be allowed with the ledger.
    func ofLedger(_ book: PipelineStanding.Book, schemaExists: Bool) -> Set<PrivilegeNeed> {
        if case .absent = book { return [schemaExists ? .createIn(ledger) : .createSchema] }
        return [.useSchema(ledger), .writeAll(ledger), .addToAudit(ledger)]
    }

    private func name(_ table: Identifier) -> QualifiedName { QualifiedName(schema: schema, name: table) }

    private func of(_ stream: Pipelines.Stream) -> Set<PrivilegeNeed> {
        let source = name(stream.source.table)
        var needs: Set<PrivilegeNeed> = [.act(.select, source)]
        if let column = stream.writeBack { needs.insert(.updateColumn(column, source)) }
        for target in stream.targets.map({ name($0.table) }) {
            needs.formUnion([.act(.select, target), .act(.insert, target)])
            if merging.contains(stream) {
                needs.formUnion([.act(.update, target), .act(.delete, target), .temporaryTables])
            }
        }
        return needs
    }

    private func of(_ constraint: Constraint) -> Set<PrivilegeNeed> {
        var needs: Set<PrivilegeNeed> = [.own(name(constraint.table))]
        switch constraint.definition {
        case .foreignKey(_, let referenced, _, _): needs.insert(.act(.references, name(referenced)))
        case .primaryKey, .unique, .index: needs.insert(.createIn(schema))
        }
        return needs
    }

    /// As far as a statement's words tell; the rest the server will.
    private func of(_ statement: SQLStatement) -> Set<PrivilegeNeed> {
        var words = StatementWords(statement.tokens)
        if words.take("create") {
            words.take("or", "replace")
            words.skip(anyOf: "unlogged")
            let made: [StaticString] = ["table", "view", "function", "procedure", "sequence", "type", "domain"]
            if made.contains(where: { words.sees($0) }) {
                var needs: Set<PrivilegeNeed> = [.createIn(schema)]
                needs.formUnion(words.tables(behind: "references", in: schema).map { .act(.references, $0) })
                if words.sees("table") {
                    needs.formUnion(words.tables(behind: "from", "join", in: schema).map { .act(.select, $0) })
                }
                return needs
            }
        }
        let locks = StatementLocks.of(statement, in: schema) ?? []
        guard let first = locks.first else { return [] }
        if first.extent == .writesRows {
            let act: PrivilegeNeed.Act = words.sees("insert") ? .insert : words.sees("delete") ? .delete : .update
            return [.act(act, first.table), .act(.select, first.table)]
        }
        let others = locks.dropFirst().map { PrivilegeNeed.act(.references, $0.table) }
        return first.mode >= .shareUpdateExclusive ? Set([.own(first.table)] + others) : []
    }
}

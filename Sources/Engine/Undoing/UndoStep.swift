import Ledger
import Pipelines
import Postgres

/// Takes one stage back.
struct UndoStep {
    let context: UndoContext
    let plan: UndoPlan
    /// What was there when it was looked whether others wrote to what goes.
    let looked: LookedAt

    private var site: Site { context.site }

    /// What came of it.
    struct Outcome {
        /// What was done; nil where there is nothing to tell.
        var what: String?
        /// What is not as it was, for people.
        var lacking: [String] = []
    }

    func perform(_ step: UndoPlan.Step) throws -> Outcome {
        switch step {
        case .forget(let stage):
            try context.perform(stage) { try context.finish(stage, "nothing to take back", $0) }
            return Outcome()
        case .restore(let stage):
            let outcome = try ColumnRestoration(context: context, stage: stage).perform()
            return Outcome(what: outcome.what, lacking: outcome.lacking)
        case .takeBackRows(let stage, let stream): return try takeBack(stage, stream)
        case .takeBackValues(let stage, let batch, let statement):
            let rows = try BatchRemoval(context: context, stage: stage, batch: batch, statement: statement).perform()
            let what = "taken back in \(rows) rows of \(batch.table)"
            try context.perform(stage) { try context.finish(stage, what, $0) }
            return Outcome(what: what)
        case .remove(let stage, let along): return try remove(stage, along)
        }
    }

    private func takeBack(_ stage: String, _ stream: Pipelines.Stream) throws -> Outcome {
        let taken = try StreamRemoval(context: context, stage: stage, stream: stream).perform()
        let what = "\(taken.rows) rows of \(stream.targets.map(\.table.description).joined(separator: " and ")) removed"
        try context.perform(stage) { try context.finish(stage, what, $0) }
        var lacking: [String] = []
        if taken.othersValues > 0, let column = stream.writeBack {
            lacking.append(
                "\(taken.othersValues) values of \(stream.source.table).\(column) were set by the run and changed by others since; "
                    + "they stay")
        }
        return Outcome(what: what, lacking: lacking)
    }

    /// A script's objects go in one transaction, as they came; a constraint alone, so that no lock lasts for several.
    private func remove(_ stage: String, _ along: [String]) throws -> Outcome {
        let records = plan.created.records[stage] ?? []
        let removal = CreatedRemoval(schema: context.schema)
        let tables = Set(records.compactMap { CreatedObject($0)?.table }).sorted { $0.quoted < $1.quoted }
        var removed: [CreatedObject] = []
        let isScript = plan.begun.first { $0.name == stage }?.kind == "sql"
        if !isScript {
            for record in records.reversed() {
                let locked = CreatedObject(record)?.table.map { [$0] } ?? []
                var done: [CreatedObject] = []
                try context.perform(stage, site.defining, locking: locked) { transaction in
                    try remove([record], by: removal, &done, transaction)
                    try site.ledger.forgetCreated(record, by: stage, of: context.run, transaction)
                    try context.begin(transaction)
                }
                removed += done
            }
        }
        return try context.perform(stage, site.defining, locking: tables) { transaction in
            if isScript {
                try refuseChanged(tables, transaction)
                try remove(records, by: removal, &removed, transaction)
            }
            for other in along {
                try site.ledger.awaitStage(other, of: context.run, transaction)
                try context.finish(other, "what it wrote went with it", transaction)
            }
            let names = removed.map(\.description).joined(separator: ", ")
            try context.finish(stage, names.isEmpty ? "nothing to take back" : "removed \(names)", transaction)
            return Outcome(what: names.isEmpty ? nil : "removed \(names)")
        }
    }

    /// Locks everybody out, and says no where somebody wrote to what goes since it was looked at.
    private func refuseChanged(_ tables: [QualifiedName], _ transaction: borrowing Transaction) throws {
        let watched = looked.tables(among: tables)
        if watched.isEmpty { return }
        let changed = try transaction.working(in: [context.schema], lock: transaction.settings.lock) {
            for table in watched where try TableFacts(table, transaction) != nil {
                try transaction.run("lock table \(table) in access exclusive mode")
            }
            return try looked.changed(in: watched, transaction)
        }
        if changed.isEmpty || Mutant.is(.removeWhatChanged) { return }
        throw Failure(
            .refused,
            "\(changed.map(\.description).joined(separator: ", ")) was written to since it was looked at, and is left as it is",
            next: "run this again, best while nobody writes to it: what others wrote is listed then")
    }

    /// Removes what is still there. Where the answer to a commit was lost, nothing is, and what was removed stays noted.
    private func remove(
        _ records: [String], by removal: CreatedRemoval, _ removed: inout [CreatedObject],
        _ transaction: borrowing Transaction
    ) throws {
        let now = try removal.remove(records.compactMap { CreatedObject($0) }, transaction)
        if !now.isEmpty { removed = now }
    }
}

extension UndoPlan.Step {
    /// The stage that it is a part of.
    var stage: String {
        switch self {
        case .forget(let stage), .restore(let stage), .takeBackRows(let stage, _),
            .takeBackValues(let stage, _, _), .remove(let stage, _):
            stage
        }
    }

    /// Whether it brings columns back.
    var isRestoration: Bool { if case .restore = self { true } else { false } }
}

import Ledger
import Pipelines
import Postgres

/// What must hold before anything is taken back. Everything that does not is told at once.
struct UndoGuards {
    let site: Site
    let request: UndoRequest
    let plan: UndoPlan

    private var ledger: Ledger { site.ledger }

    /// Everything that can be seen before columns are back; throws when something is in the way.
    func refuse(_ transaction: borrowing Transaction) throws {
        // What is theirs would be told once more as what others made.
        try LaterRuns.refuse(
            "undo", request.pipeline.name, later: request.later, on: request.schema, site, transaction)
        var obstacles = try archiveObstacles(transaction) + tableObstacles(transaction)
        let strangers = try plan.created.strangers(besides: underWay(transaction), transaction)
        if !strangers.isEmpty, !Mutant.is(.undoWithStrangers) {
            obstacles.append(
                Obstacle(
                    what: "others made what depends on objects of this run: \(strangers.joined(separator: "; "))",
                    next: "drop or change them first"))
        }
        for stage in request.pipeline.stages where stage.isDestructive && !Mutant.is(.undoWhatIsDestroyed) {
            guard case .sql(let scripts) = stage.work, plan.begun.contains(where: { $0.name == stage.name }) else {
                continue
            }
            let names = scripts.map(\.name).joined(separator: ", ")
            obstacles.append(
                Obstacle(
                    what: "nobody knows how to take back what \(names) destroyed (stage \(stage.name))",
                    next: "bring it back from a backup"))
        }
        let command = try command(transaction)
        if request.database == nil, !Mutant.is(.undoUnconfirmed), try isDestructive(transaction) {
            let database = try transaction.row("select current_database()").text(0) ?? ""
            obstacles.append(
                Obstacle(
                    what:
                        "this removes what \(request.pipeline.name) made in database \(database), and was not confirmed",
                    next: command))
        }
        let what = "undoing \(request.pipeline.name)"
        if let refusal = Obstacle.refusal(obstacles, of: what, then: command) { throw refusal }
        if request.discardsNew || Mutant.is(.undoNewerRows) { return }
        // Seen here already, it is told before anything is touched.
        let newer = try NewerRows(request: request, plan: plan, ledger: ledger).find(transaction)
        if let refusal = newer.refusal(then: try self.command(discardingNew: true, transaction)) { throw refusal }
    }

    /// The command as it must be typed.
    func command(discardingNew: Bool = false, _ transaction: borrowing Transaction) throws -> String {
        let database = try transaction.row("select current_database()").text(0) ?? ""
        let words =
            ShellWord.option("confirm", database)
            + (discardingNew || request.discardsNew ? ["--discard-new"] : [])
        return site.command("undo", request.pipeline.name, words)
    }

    /// Whether rows or values would be removed.
    private func isDestructive(_ transaction: borrowing Transaction) throws -> Bool {
        for table in Set(plan.created.tables + plan.created.columns.map(\.table)) {
            if try transaction.row("select exists (select from \(table))").bool(0) { return true }
        }
        return plan.steps.contains { step in
            switch step {
            case .takeBackRows, .takeBackValues: true
            case .forget, .restore, .remove: false
            }
        }
    }

    /// What an undoing that was stopped has put into tables while it brought columns back.
    private func underWay(_ transaction: borrowing Transaction) throws -> [CreatedObject] {
        var objects: [CreatedObject] = []
        for case .restore(let stage) in plan.steps {
            guard let dropped = try ledger.dropped(by: stage, of: plan.run, transaction) else { continue }
            objects += RestoredColumns(dropped, run: plan.run).underWay
        }
        return objects
    }

    /// Archives that are not there, or not as they were made; columns that are there without our doing.
    private func archiveObstacles(_ transaction: borrowing Transaction) throws -> [Obstacle] {
        var obstacles: [Obstacle] = []
        for case .restore(let stage) in plan.steps {
            guard let dropped = try ledger.dropped(by: stage, of: plan.run, transaction), !dropped.isRestored else {
                continue
            }
            let columns = RetiredColumns.list(dropped.columns.map(\.name))
            let there = try TableFacts(dropped.table, transaction)?.columns
            if there == nil {
                obstacles.append(
                    Obstacle(
                        what: "the table \(dropped.table), from which \(columns) was dropped, is gone",
                        next: "bring it back"))
            } else if dropped.columns.contains(where: { there?[$0.name] != nil }), !Mutant.is(.restoreBesideOthers) {
                obstacles.append(
                    Obstacle(
                        what: "\(dropped.table) has \(columns) again, which stage \(stage) had dropped",
                        next:
                            "if that was brought back by hand, remove the row of the stage from \(ledger.schema).archives"
                    ))
            } else if dropped.relation == nil {
                obstacles.append(
                    Obstacle(
                        what: "\(columns) of \(dropped.table) was dropped without an archive, as asked",
                        next: "bring it back from a backup, and remove the row of stage \(stage) from "
                            + "\(ledger.schema).archives"))
            } else {
                do {
                    _ = try ArchiveCheck.check(dropped.record, ledger, transaction)
                } catch let failure as Failure {
                    obstacles.append(Obstacle(what: failure.what, next: failure.next ?? "bring it back"))
                }
            }
        }
        return obstacles
    }

    /// Tables of the run that are others by now, or that the role may not alter.
    private func tableObstacles(_ transaction: borrowing Transaction) throws -> [Obstacle] {
        var obstacles: [Obstacle] = []
        for stage in request.pipeline.stages {
            guard case .stream(let stream) = stage.work,
                let record = plan.begun.first(where: { $0.name == stage.name })
            else { continue }
            for (target, oid) in zip(stream.targets, record.targetOIDs) {
                let name = QualifiedName(schema: request.schema, name: target.table)
                guard let there = try TableFacts(name, transaction)?.oid, there != oid,
                    !Mutant.is(.undoAnotherTable)
                else { continue }
                obstacles.append(
                    Obstacle(
                        what: "\(name) is another table than the one that stage \(stage.name) filled",
                        next: "put it under another name, then run this again"))
            }
        }
        let altered = plan.created.tables + plan.created.columns.map(\.table)
        for table in Set(altered).sorted(by: { $0.quoted < $1.quoted }) {
            let row = try transaction.row(
                """
                select pg_has_role(c.relowner, 'usage'), quote_ident(pg_get_userbyid(c.relowner)),
                       quote_ident(current_user)
                  from pg_class c where c.oid = to_regclass(\(.text(table.quoted)))
                """)
            if row.bool(0) { continue }
            obstacles.append(
                Obstacle(
                    what: "role \(row.text(2) ?? "") does not own \(table)",
                    next: "run it as \(row.text(1) ?? ""), or: grant \(row.text(1) ?? "") to \(row.text(2) ?? "")"))
        }
        return obstacles
    }
}

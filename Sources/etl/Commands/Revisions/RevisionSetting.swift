import Engine
import Ledger
import Postgres
import Revisions

/// What commands on a database's revisions start from: its settings, the files, and the terminal.
struct RevisionSetting {
    let pipelines: PipelineWork
    let history: RevisionHistory

    var settings: Settings { pipelines.settings }
    var terminal: Terminal { pipelines.terminal }

    /// Work on the revisions; signals stop it in order where it is interrupted by this.
    func work(_ interruption: Interruption = Interruption()) -> RevisionWork {
        RevisionWork(site: site(interruption), history: history)
    }

    private func site(_ interruption: Interruption) -> RevisionSite {
        let site = pipelines.siteOfProject
        let (ledger, actor) = (site.ledger, site.actor)
        let terminal = terminal
        return RevisionSite(
            target: settings.database.target, deadlines: settings.deadlines.forSessions, interruption: interruption,
            schema: settings.schema.value ?? Identifier("public"), ledgerSchema: ledger.schema,
            options: pipelines.options.map(ShellWord.quoted),
            admit: { transaction in try LedgerGuard.admit(try ledger.create(transaction), ledger) },
            look: { transaction in
                let presence = try ledger.forReading.presence(transaction)
                try LedgerGuard.admit(presence, ledger)
                return presence == .ours
            },
            audit: { act, detail, transaction in
                try ledger.audit(Act(act), run: nil, pipeline: nil, detail: detail, by: actor, transaction)
            },
            advise: ConnectionAdvice.failure,
            report: { event in RevisionEventText.report(event, on: terminal) })
    }
}

/// The statements that make a ledger.
var ledgerDefinition: String { Ledger.definition }

extension Act {
    fileprivate init(_ act: RevisionAct) {
        self =
            switch act {
            case .upgrade: .revisionUpgrade
            case .downgrade: .revisionDowngrade
            case .stamp: .revisionStamp
            case .redo: .revisionRedo
            }
    }
}

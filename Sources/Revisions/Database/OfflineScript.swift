public import Postgres

/// The steps between two places of the graph as a script for psql, which brings a database to the same state, rows of the
/// table of revisions included, as the steps themselves do.
public struct OfflineScript: Sendable {
    private let history: RevisionHistory
    private let schema: Identifier
    private let ledgerSchema: Identifier
    /// The statements that make a ledger where there is none.
    private let ledger: String

    /// Prepares a script; nothing is looked up in a database.
    public init(history: RevisionHistory, schema: Identifier, ledgerSchema: Identifier, ledger: String) {
        self.history = history
        self.schema = schema
        self.ledgerSchema = ledgerSchema
        self.ledger = ledger
    }

    /// The script that goes from the lower end of a range up to its upper end.
    public func upgrade(from start: Target?, to end: Target) throws(RevisionFailure) -> String {
        try script(.upgrade, from: start, to: end)
    }

    /// The script that goes back.
    public func downgrade(from start: Target, to end: Target) throws(RevisionFailure) -> String {
        try script(.downgrade, from: start, to: end)
    }

    private func script(
        _ direction: RevisionEvent.Direction, from start: Target?, to end: Target
    ) throws(RevisionFailure) -> String {
        let steps: [RevisionID]
        let applied: AppliedRevisions
        do throws(TargetError) {
            let graph = history.graph
            applied = if let start { try graph.applied(upTo: start) } else { graph.nothingApplied }
            steps =
                switch direction {
                case .upgrade: try graph.upgrade(to: end, from: applied)
                case .downgrade: try graph.downgrade(to: end, from: applied)
                }
        } catch {
            throw RevisionFailure(error, next: "etl history shows which there are")
        }
        var parts = [prelude, expectation(history.graph.order(applied))]
        for id in steps { parts.append(try part(direction, id)) }
        return parts.joined(separator: "\n")
    }

    private func part(_ direction: RevisionEvent.Direction, _ id: RevisionID) throws(RevisionFailure) -> String {
        guard let file = history.file(id) else { throw RevisionFailure(TargetError.lost([id])) }
        if let pipeline = file.pipeline {
            throw RevisionFailure(
                .usage, "revision \(id) has the pipeline \(pipeline) as its data step, which psql cannot run",
                next: "make one script up to it and one from it on, and run etl \(direction.rawValue) \(id) in between")
        }
        guard let side = direction == .upgrade ? file.upgrade : file.downgrade else {
            throw RevisionFailure.noWayBack(file)
        }
        if let statement = side.script.statements.first(where: \.isReadOtherwiseByPsql) {
            throw RevisionFailure(
                .usage,
                "\(file.path):\(statement.line): psql reads a string with escapes in it otherwise than the server where it "
                    + "goes on in another line", next: "write the string in one piece")
        }
        let statements = side.script.statements.map { $0.text + "\n;" }
        let row = direction == .upgrade ? addition(of: file, "applied") : removal(of: id)
        let path = "search_path = \(schema.quoted), pg_temp;"
        let lines =
            side.isTransactional
            ? ["begin;", lock, settings(isLocal: true), "set local " + path] + statements
                + [ours(isLocal: true), row, "commit;"]
            : ["begin;", lock, direction == .upgrade ? addition(of: file, "upgrading") : mark(id), "commit;"]
                + [settings(isLocal: false), "set " + path] + statements
                + ["begin;", lock, ours(isLocal: true), direction == .upgrade ? unmark(id) : row, "commit;"]
                + [ours(isLocal: false)]
        return (["", "-- \(direction.rawValue) \(id)"] + lines).joined(separator: "\n")
    }

    /// Makes the tables where they are not.
    private var prelude: String {
        """
        -- For psql. It stops at the first error; what was committed before stays done.
        \\set ON_ERROR_STOP on
        \\set QUIET on
        \\encoding UTF8
        \\pset tuples_only on
        \\o /dev/null
        set standard_conforming_strings = on;
        set client_min_messages = warning;
        select to_regnamespace(\(literal(ledgerSchema.quoted))) is null as etl_no_schema,
               to_regclass(\(literal(ledgerSchema.quoted + ".ledger"))) is null as etl_no_ledger,
               to_regclass(\(literal(ledgerSchema.quoted + ".version"))) is null as etl_no_version \\gset
        begin;
        \(lock)
        \\if :etl_no_schema
        create schema \(ledgerSchema.quoted);
        comment on schema \(ledgerSchema.quoted) is 'The ledger of etl: runs, stages, chunks, rejects, audit.';
        revoke all on schema \(ledgerSchema.quoted) from public;
        \\endif
        \(ours(isLocal: true))
        \\if :etl_no_ledger
        \(ledger)
        \\endif
        \\if :etl_no_version
        \(VersionTable.definition)
        \\endif
        commit;
        \(ours(isLocal: false))
        \\unset etl_no_schema
        \\unset etl_no_ledger
        \\unset etl_no_version
        """
    }

    /// Stops where the database is not where the script begins.
    private func expectation(_ applied: [RevisionID]) -> String {
        let names = applied.map { literal($0.text) }.joined(separator: ", ")
        return """
            select case when array(select revision from version where state = 'applied' order by revision collate "C")
                             = array(select unnest(array[\(names)]::text[]) collate "C" order by 1)
                             and not exists (select from version where state <> 'applied')
                        then 0 else ('other revisions are applied than this script begins from: '
                                     || (select coalesce(string_agg(revision, ', '), 'none') from version))::int end;
            """
    }

    /// What runs outside of a transaction is marked as begun, so that whoever comes after a script that stopped half-way
    /// is told.
    private func mark(_ id: RevisionID) -> String {
        "update version set state = 'downgrading' where revision = \(literal(id.text));"
    }

    private func unmark(_ id: RevisionID) -> String {
        """
        update version set state = 'applied', applied_at = clock_timestamp()
         where revision = \(literal(id.text)) and state = 'upgrading';
        """
    }

    /// Nobody else works on the revisions as long as a transaction has this.
    private var lock: String {
        "select pg_advisory_xact_lock(hashtextextended(\(literal("etl revisions " + ledgerSchema.name)), 0));"
    }

    private func addition(of file: RevisionFile, _ state: String) -> String {
        func array(_ side: RevisionFile.Side?) -> String {
            guard let side else { return "null" }
            return "array[\(side.lines.map(literal).joined(separator: ", "))]::text[]"
        }
        return """
            insert into version (revision, state, title, pipeline, how, upgrade, downgrade) values (
                \(literal(file.revision.id.text)), \(literal(state)), \(literal(file.title)), null, 'upgrade',
                \(array(file.upgrade)), \(array(file.downgrade)));
            """
    }

    private func removal(of id: RevisionID) -> String {
        """
        with gone as (delete from version where revision = \(literal(id.text)) returning 1)
        select case count(*) when 1 then 0 else ('revision \(id) is not applied; rows: ' || count(*))::int end from gone;
        """
    }

    private func settings(isLocal: Bool) -> String {
        let local = isLocal ? "local " : ""
        return "set \(local)standard_conforming_strings = on; set \(local)row_security = off; "
            + "set \(local)quote_all_identifiers = off;"
    }

    private func ours(isLocal: Bool) -> String {
        "set \(isLocal ? "local " : "")search_path = \(ledgerSchema.quoted), pg_temp;"
    }

    private func literal(_ text: String) -> String { (("\(literal: text.utf8)") as SQL).text }
}

extension SQLStatement {
    /// psql reads line by line: where a string goes on in another line it has forgotten that backslashes escape in it.
    fileprivate var isReadOtherwiseByPsql: Bool {
        tokens.contains { token in
            guard token.kind == .string, token.canonical.first.map({ $0 | 0x20 }) == UInt8(ascii: "e") else {
                return false
            }
            return token.canonical.firstRange(of: Array("'\n'".utf8)) != nil
        }
    }
}

import Foundation
import Postgres
import Revisions
import Support
import Synchronization
import Testing

/// A database of a test's own, and work on its revisions.
final class RevisedDatabase: Sendable {
    let database: TestDatabase
    private let events = Mutex<[RevisionEvent]>([])

    init(_ setup: String = "") throws {
        database = try TestServer.shared.database()
        if !setup.isEmpty { try database.psql(setup) }
    }

    /// Revisions of a line, each with its statements; the name of the file is that of the revision.
    static func history(_ revisions: (id: String, upgrade: String, downgrade: String?)...) throws -> RevisionHistory {
        var files: [RevisionFile] = []
        var parent = "none"
        for revision in revisions {
            let back = revision.downgrade.map { "\n-- downgrade\n" + $0 } ?? ""
            let text = "-- revision: \(revision.id)\n-- revises: \(parent)\n-- upgrade\n\(revision.upgrade)\(back)\n"
            files.append(try RevisionFile(path: "sql/revisions/\(revision.id).sql", bytes: Array(text.utf8)))
            parent = revision.id
        }
        return try RevisionHistory(files)
    }

    func work(
        _ history: RevisionHistory, as role: String? = nil, lock: Double = 2, outage: Double = 60
    ) throws -> RevisionWork {
        let site = RevisionSite(
            target: try database.connectionTarget(as: role),
            deadlines: Deadlines(lock: lock, outage: outage), interruption: Interruption(),
            schema: Identifier("public"), ledgerSchema: Identifier("etl"),
            admit: { transaction in
                let isThere = try transaction.row("select to_regnamespace('etl') is not null").bool(0)
                if !isThere { try transaction.run("create schema etl") }
            },
            look: { try $0.row("select to_regnamespace('etl') is not null").bool(0) }, audit: { _, _, _ in },
            report: { [self] event in events.withLock { $0.append(event) } })
        return RevisionWork(site: site, history: history)
    }

    /// Goes all the way to a target.
    func upgrade(_ history: RevisionHistory, to target: String = "heads") throws {
        let work = try work(history)
        for id in try work.plan(.upgrade, to: try Target(target)) { try work.apply(id) }
    }

    /// Goes back to a target.
    func downgrade(_ history: RevisionHistory, to target: String, database name: String? = nil) throws {
        let work = try work(history)
        for id in try work.plan(.downgrade, to: try Target(target)) { try work.takeBack(id, database: name) }
    }

    /// The names in the table of revisions, with their state where it is another than applied.
    var applied: String {
        get throws {
            try database.psql(
                """
                select coalesce(string_agg(revision || case state when 'applied' then '' else ':' || state end, ' '
                                           order by revision), '') from etl.version
                """)
        }
    }

    /// What was told so far.
    var told: [RevisionEvent] { events.withLock { $0 } }

    /// Whether something was tried again for a reason with these words.
    func hasRetried(because words: String) -> Bool {
        told.contains { if case .retrying(let what, _, _) = $0 { what.contains(words) } else { false } }
    }
}

/// The failure with which work ends; it is an issue when it doesn't.
func failure(_ body: () throws -> Void) -> RevisionFailure? {
    do {
        try body()
        Issue.record("it did not fail")
    } catch let failure as RevisionFailure {
        return failure
    } catch {
        Issue.record("it failed otherwise: \(error)")
    }
    return nil
}

/// Work on a thread of its own, whether or not the tests' threads are all taken.
final class Background: Sendable {
    private let ended = DispatchSemaphore(value: 0)
    private let result = Mutex<Result<Void, any Error>?>(nil)

    init(_ body: @escaping @Sendable () throws -> Void) {
        Thread { [self] in
            let ending = Result { try body() }
            result.withLock { $0 = ending }
            ended.signal()
        }.start()
    }

    /// Waits for its end, which blocks the thread.
    func wait() throws {
        ended.wait()
        try result.withLock { $0 }?.get()
    }
}

import Foundation
import Postgres
import Support
import Testing

@Suite("A session")
struct ConnectionTests {
    @Test("knows its backend, the server's version, and that nothing stands between")
    func facts() async throws {
        let (known, said, pooled, version) = try await withSession { session in
            let said = try session.transaction { transaction in
                let row = try transaction.row(
                    """
                    select pg_backend_pid(), extract(epoch from backend_start), current_setting('server_version_num')
                      from pg_stat_activity where pid = pg_backend_pid()
                    """)
                return [row.text(0), row.text(1), row.text(2)]
            }
            return (session.backend, said, session.isPooled, session.serverVersion)
        }
        #expect(said == [String(known.pid), known.startedAt, String(version)])
        #expect(!pooled)
    }

    @Test("carries its name, and speaks UTF8 whatever PGCLIENTENCODING says")
    func name() async throws {
        let found = try await withSession { session in
            try session.value("select current_setting('application_name') || ' ' || current_setting('client_encoding')")
        }
        #expect(found == "etl test UTF8")
    }

    @Test("keeps the server's warnings for whoever asks, once, and drops its notices")
    func warnings() async throws {
        let (taken, again) = try await withSession { session in
            _ = try session.transaction { transaction in
                try transaction.run(
                    """
                    set local client_min_messages = notice;
                    do $$ begin
                      raise notice 'only a notice';
                      raise warning 'look out' using errcode = '01234', detail = 'the detail', hint = 'the hint';
                    end $$
                    """)
            }
            return (session.takeWarnings(), session.takeWarnings())
        }
        #expect(
            taken.map { [$0.severity, $0.sqlstate, $0.message, $0.detail, $0.hint] }
                == [["WARNING", "01234", "look out", "the detail", "the hint"]])
        #expect(again.isEmpty)
    }

    @Test("that cannot be had says why")
    func refusal() async throws {
        let error = await #expect(throws: PostgresError.self) {
            try await blocking {
                var target = try Shared.database.connectionTarget()
                target.keywords.append(("dbname", "no such database"))
                _ = try Connection(to: target, name: "etl test")
            }
        }
        guard case .cannotConnect(let reason, let sqlstate) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(reason.contains("no such database") && !reason.contains("3D000"))
        #expect(sqlstate == "3D000")
        #expect(error?.endsSession == true)
    }

    @Test("that is let go is gone on the server")
    func release() async throws {
        let pid = try await withSession { $0.backend.pid }
        let database = try Shared.database
        let isGone = try await eventually {
            try database.psql("select count(*) from pg_stat_activity where pid = \(pid)") == "0"
        }
        #expect(isGone)
    }
}

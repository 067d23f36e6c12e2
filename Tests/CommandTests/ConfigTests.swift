import Postgres
import Testing

@testable import etl

@Suite("etl config")
struct ConfigTests {
    private let environment = ProcessEnvironment([
        "DATABASE_URL": "postgresql://u:S3cr3t@h/db?sslmode=require", "PGPASSWORD": "S3cr3t",
        "PGSSLROOTCERT": "/etc/ca.pem",
    ])

    @Test("every setting is shown with its origin, and no password")
    func text() throws {
        let ends = Ends()
        let code = config(try settings(GlobalOptions(), environment, nil), terminal: ends.terminal())
        #expect(code == .done)
        #expect(
            ends.output == """
                database-url        postgresql://u:***@h/db?sslmode=require  environment: DATABASE_URL
                  host              h                                        the URL
                  user              u                                        the URL
                  password          ***                                      the URL
                  dbname            db                                       the URL
                  sslmode           require                                  the URL
                  sslrootcert       /etc/ca.pem                              environment: PGSSLROOTCERT
                project             .                                        default
                schema              -                                        default
                ledger-schema       etl                                      default
                connect-timeout     10 s                                     default
                statement-timeout   300 s                                    default
                lock-timeout        2 s                                      default
                max-outage          600 s                                    default
                max-document-bytes  8388608                                  default

                """)
        #expect(ends.errors.isEmpty)
    }

    @Test("--json shows the same as one object")
    func json() throws {
        var options = GlobalOptions()
        options.schema = Identifier("s")
        options.deadlines.lock = .milliseconds(250)
        let ends = Ends()
        _ = config(try settings(options, environment, nil), terminal: ends.terminal(isJSON: true))
        #expect(
            ends.output.hasPrefix(#"{"settings":[{"name":"database-url","value":"postgresql://u:***@h/db?"#))
        #expect(ends.output.contains(#"{"name":"schema","value":"s","origin":"--schema"}"#))
        #expect(ends.output.contains(#"{"name":"lock-timeout","value":"0.25 s","origin":"--lock-timeout"}"#))
        #expect(ends.output.utf8.count { $0 == UInt8(ascii: "\n") } == 1)
        #expect(!ends.output.contains("S3cr3t"))
    }
}

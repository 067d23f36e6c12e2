import Postgres
import PostgresSandbox
import Support
import Testing

@Suite struct LentSandboxTests {
    @Test("a test database answers, and speaks UTF8")
    func answers() throws {
        let database = try TestServer.shared.database()
        #expect(try database.psql("show server_encoding") == "UTF8")
    }
}

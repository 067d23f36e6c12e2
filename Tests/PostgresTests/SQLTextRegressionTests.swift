import Foundation
import Postgres
import Support
import Testing

/// The server's own regression tests, read by psql and by us. `scripts/regression-files DIR` fetches them, `ETL_REGRESSION_FILES`
/// names their folder.
@Suite struct SQLTextRegressionTests {
    private static let folder = ProcessInfo.processInfo.environment["ETL_REGRESSION_FILES"]

    private static var files: [String] {
        let names = folder.flatMap { try? FileManager.default.contentsOfDirectory(atPath: $0) } ?? []
        return names.filter { $0.hasSuffix(".sql") }.sorted()
    }

    @Test(
        "every statement that psql takes for one is one",
        .enabled(if: folder != nil, "scripts/regression-files fetches the files"))
    func statements() async throws {
        let files = Self.files
        #expect(files.count > 200)
        var (count, refused) = (0, 0)
        for file in files {
            let sent = try await blocking { try Self.sent(by: "\(Self.folder ?? "")/\(file)") }
            // Each alone first: what may not be in a script at all is not what this is about.
            let admitted = sent.filter { (try? SQLScript(name: file, bytes: Array($0.utf8)))?.statements.count == 1 }
            refused += sent.count - admitted.count
            let whole = admitted.map { $0 + "\n;" }.joined(separator: "\n")
            let script = try SQLScript(name: file, bytes: Array(whole.utf8))
            #expect(script.statements.count == admitted.count, "\(file)")
            for (ours, theirs) in zip(script.statements, admitted) where !Self.isSame(ours.text, theirs) {
                Issue.record("\(file):\(ours.line): \(ours.text) is \(theirs) to psql")
            }
            count += admitted.count
        }
        print("regression files: \(files.count), \(count) statements, \(refused) besides that no script may have")
        #expect(count > 20_000)
        #expect(refused * 10 < count)
    }

    /// What psql sends of a file, statement by statement. Nothing comes of it: the transaction that it is sent in has failed.
    private static func sent(by file: String) throws -> [String] {
        let database = try TestServer.shared.database()
        let log = NSTemporaryDirectory() + "etl-psql-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: log) }
        var environment = plainEnvironment
        environment["PGOPTIONS"] = "-c default_transaction_read_only=on -c statement_timeout=200"
        let text = try Data(contentsOf: URL(filePath: file))
        _ = try runProgram(
            TestServer.shared.psqlPath, arguments: ["-Xq", "-d", database.url, "-L", log, "-f", "-"],
            environment: environment, input: Array("begin; select 1 / 0;\n".utf8) + Array(text))
        let written = String(decoding: try Data(contentsOf: URL(filePath: log)), as: UTF8.self)
        return written.matches(of: #/(?s)\*{9} QUERY \*{10}\n(.*?)\n\*{26}\n/#).dropFirst(2).map { String($0.output.1) }
    }

    /// Whether two are the same but for what stands around a statement.
    private static func isSame(_ ours: String, _ theirs: String) -> Bool {
        theirs.contains(ours)
            && (try? SQLScript(name: "", bytes: Array(theirs.utf8)))?.statements.first?.text == ours
    }
}

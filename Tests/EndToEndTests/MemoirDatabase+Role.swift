import Foundation
import Support

/// The workflows as a role that is no superuser and may do what `etl grants` says, and nothing else:
/// `ETL_E2E_ROLE=etl_worker swift test --filter 'EndToEndTests.*(Workflow|Verify|Undo|DropGuard)'`
extension MemoirDatabase {
    /// The role; nil where the program works as the server's superuser.
    static let role = ProcessInfo.processInfo.environment["ETL_E2E_ROLE"]

    /// Gives the role what `etl grants` prints for each pipeline, as far as it is about what is there; the words of the command
    /// that comes next say which schemas are meant.
    func grantToRole(before arguments: [String]) throws {
        guard let role = Self.role else { return }
        let schemas = arguments.indices.filter { ["--schema", "--ledger-schema"].contains(arguments[$0]) }
            .flatMap { arguments[$0...].prefix(2) }
        for pipeline in Workflow.pipelines {
            let script = try runProgram(
                etlBinary, arguments: ["grants", pipeline, "--owner", role, "--runner", role] + schemas,
                environment: plainEnvironment.merging(["DATABASE_URL": url]) { $1 }, directory: packageDirectory)
            // A role that another test has just made is an error of no consequence.
            _ = try runProgram("psql", arguments: ["-XAtq", "-d", url, "-f", "-"], input: script.stdout)
        }
    }
}

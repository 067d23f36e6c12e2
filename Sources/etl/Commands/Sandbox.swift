import JSON
import PostgresSandbox

/// `etl sandbox`: the private PostgreSQL that a user keeps until it is stopped.
func sandbox(_ action: SandboxAction, terminal: Terminal) throws(CommandFailure) -> ExitCode {
    switch action {
    case .start:
        show(try attempt { () throws(SandboxError) in try Sandbox.keep() }, terminal)
    case .url:
        guard let running = try attempt({ () throws(SandboxError) in try Sandbox.kept() }) else {
            throw CommandFailure(.failed, Explanation(summary: "the sandbox is down", next: "etl sandbox start"))
        }
        show(running, terminal)
    case .stop:
        try attempt { () throws(SandboxError) in try Sandbox.kept()?.stop() }
        terminal.note("the sandbox is down; its data stay")
    case .psql(let arguments):
        let running = try attempt { () throws(SandboxError) in try Sandbox.keep() }
        try becomePsql(running, database: sandboxDatabase, arguments)
    }
    return .done
}

private let sandboxDatabase = "postgres"

private func attempt<Value>(_ body: () throws(SandboxError) -> Value) throws(CommandFailure) -> Value {
    do throws(SandboxError) {
        return try body()
    } catch {
        let lines = String(describing: error).split(separator: "\n").map(String.init)
        throw CommandFailure(
            .failed,
            Explanation(
                summary: "the sandbox: " + (lines.first ?? "it can't be used"),
                details: Array(lines.dropFirst()),
                next: "mend that, then the same command again"))
    }
}

private func show(_ sandbox: Sandbox, _ terminal: Terminal) {
    let url = sandbox.url(database: sandboxDatabase)
    if terminal.style.isJSON {
        terminal.result(.object([("url", .string(url))]))
    } else {
        terminal.result(url)
    }
}

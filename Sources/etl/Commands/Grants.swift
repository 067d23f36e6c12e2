import Engine
import JSON
import Pipelines
import Postgres

/// `etl grants`: the SQL that lets two roles do what a pipeline needs, and no more. It changes nothing itself.
func grants(_ options: GrantOptions, settings: Settings, terminal: Terminal) throws(CommandFailure) -> ExitCode {
    let work = PipelineWork(settings: settings, terminal: terminal)
    let (pipeline, schema) = try work.load(options.pipeline)
    let roles = WorkingRoles(owner: options.owner, runner: options.runner)
    let lines = try working(rerun: work.command("grants", pipeline.name)) {
        try GrantScript(site: work.site(), pipeline: pipeline, schema: schema, roles: roles).lines()
    }
    // Escaped it would be other SQL, and as it is it could do things to a terminal, or end a comment.
    guard lines.allSatisfy({ Printable.escaped($0) == $0 }) else {
        throw CommandFailure(
            .failed,
            Explanation(
                summary: "a name of a schema, table, column or role holds control characters, which no script may hold",
                next: "rename it, or grant by hand what etl preflight names"))
    }
    if terminal.style.isJSON {
        terminal.result(.object([("sql", .array(lines.map(JSONValue.string)))]))
    } else {
        for line in lines { terminal.result(line) }
    }
    return .done
}

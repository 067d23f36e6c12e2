import JSON
import Pipelines

/// `etl list`: the pipelines of the project and their stages. A pipeline that can't be read is listed with
/// what is wrong with it, so that it does not hide the others.
func list(project: String, terminal: Terminal) throws(CommandFailure) -> ExitCode {
    let catalog = PipelineCatalog(project: project)
    let names: [String]
    do throws(PipelineError) {
        names = try catalog.names()
    } catch {
        throw CommandFailure(
            .usage, Explanation(error, next: "go to the project's directory, or name it with --project"))
    }
    var objects: [JSONValue] = []
    for name in names {
        do throws(PipelineError) {
            let pipeline = try catalog.load(name)
            objects.append(json(pipeline))
            if !terminal.style.isJSON { show(pipeline, terminal) }
        } catch {
            objects.append(.object([("name", .string(name)), ("problems", problems(error))]))
            if !terminal.style.isJSON { show(error, of: name, terminal) }
        }
    }
    if terminal.style.isJSON { terminal.result(.object([("pipelines", .array(objects))])) }
    if names.isEmpty { terminal.note("there are no pipelines in pipelines/") }
    return .done
}

private func show(_ pipeline: Pipeline, _ terminal: Terminal) {
    terminal.result(pipeline.name + ": " + Printable.escaped(pipeline.title))
    let stages = pipeline.stages.map { stage in
        let name = stage.name + (stage.isDestructive ? "!" : "")
        return stage.isOptional ? "[\(name)]" : name
    }
    terminal.result("  " + stages.joined(separator: ", "))
}

private func show(_ error: PipelineError, of name: String, _ terminal: Terminal) {
    terminal.result(name + ": can't be run as it is")
    for problem in error.problems { terminal.result("  " + Printable.escaped(problem.description)) }
}

private func problems(_ error: PipelineError) -> JSONValue {
    .array(error.problems.map { .string($0.description) })
}

private func json(_ pipeline: Pipeline) -> JSONValue {
    let stages = pipeline.stages.map { stage in
        JSONValue.object([
            ("name", .string(stage.name)), ("kind", .string(stage.work.kind)),
            ("optional", .bool(stage.isOptional)), ("destructive", .bool(stage.isDestructive)),
        ])
    }
    return .object([
        ("name", .string(pipeline.name)), ("title", .string(pipeline.title)), ("stages", .array(stages)),
    ])
}

import Engine
import Glibc
import JSON
import Ledger
import Pipelines
import Postgres

/// `etl rejects`: the open rejects of a pipeline in key order, or with `--export` one JSON object a line.
func rejects(_ options: RejectsOptions, settings: Settings, terminal: Terminal) throws(CommandFailure) -> ExitCode {
    let work = PipelineWork(settings: settings, terminal: terminal)
    let (pipeline, schema) = try work.load(options.pipeline)
    let site = work.site()
    try working(rerun: work.command("rejects", pipeline.name)) {
        let view = try LedgerView(site: site)
        if let path = options.export {
            try export(view, pipeline, schema, to: path, limit: options.limit.map(Int64.init) ?? .max, terminal)
        } else {
            try show(
                view, pipeline, schema, limit: Int64(options.limit ?? 20), retry: work.command("retry", pipeline.name),
                terminal)
        }
    }
    return .done
}

private func export(
    _ view: LedgerView, _ pipeline: Pipeline, _ schema: Identifier, to path: String, limit: Int64, _ terminal: Terminal
) throws {
    if path == "-" {
        try view.openRejects(of: pipeline, on: schema, limit: limit) { reject in
            // Unlike what else goes to stdout, this must be whole, or the command must not say that all is well.
            let line = Printable.escapedJSON(json(reject.record).text(pretty: false)) + "\n"
            guard FileOutput.write(Array(line.utf8), to: STDOUT_FILENO) || errno == EPIPE else {
                throw CommandFailure(
                    .failed,
                    Explanation(
                        summary: "the rejects cannot be written: \(SystemError.text(errno))",
                        next: "write them to where there is room"))
            }
        }
        return
    }
    let file = try ExportFile(path: path)
    try view.openRejects(of: pipeline, on: schema, limit: limit) {
        try file.append(json($0.record).text(pretty: false) + "\n")
    }
    try file.publish()
    terminal.note("exported to \(path)")
}

private func show(
    _ view: LedgerView, _ pipeline: Pipeline, _ schema: Identifier, limit: Int64, retry: String,
    _ terminal: Terminal
) throws {
    var shown: Int64 = 0
    try view.openRejects(of: pipeline, on: schema, limit: limit) { reject in
        shown += 1
        if terminal.style.isJSON {
            terminal.result(json(reject.record))
        } else {
            let line = "\(reject.record.key)  \(reject.record.code)  \(reject.record.message)"
            terminal.result(Printable.escaped(line))
        }
    }
    guard let open = try view.summaryIfBegun(of: pipeline.name, on: schema)?.openRejects else {
        terminal.note("\(pipeline.name) was never run on schema \(schema) of this database")
        return
    }
    if open == 0 { terminal.note("\(pipeline.name): no reject is open") }
    if open > shown { terminal.note("\(Quantity.grouped(open - shown)) more; all of them: --export FILE") }
    if open > 0 { terminal.note("mend the rows, then: \(retry)") }
}

/// The object of the export: the key as a string, or as an array of strings where it is composite.
private func json(_ record: RejectRecord) -> JSONValue {
    let parts = record.key.parts.map { JSONValue.string(String(decoding: $0, as: UTF8.self)) }
    return .object([
        ("key", parts.count == 1 ? parts[0] : .array(parts)), ("code", .string(record.code)),
        ("place", .string(record.place)), ("message", .string(record.message)),
    ])
}

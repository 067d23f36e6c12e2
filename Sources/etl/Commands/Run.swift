import Engine
import JSON
import Pipelines
import Postgres

/// `etl run`: does what is not done yet of one or several pipelines, in the order given.
func run(_ options: RunOptions, settings: Settings, terminal: Terminal) throws(CommandFailure) -> ExitCode {
    let work = PipelineWork(settings: settings, terminal: terminal)
    var requests: [RunRequest] = []
    for name in options.pipelines {
        let (pipeline, schema) = try work.load(name)
        var request = options.request(pipeline, schema: schema, limits: work.limits(options.work))
        request.dependents = work.dependents(of: pipeline.name)
        if let rows = options.maximumLockedRows { request.maximumLockedRows = Int64(rows) }
        request.maximumRejects = options.maximumRejects.map(Int64.init)
        request.throttle = ThrottleLimits(
            lag: options.maximumLag.map(Int64.init), rate: options.maximumRate.map(Int64.init))
        requests.append(request)
    }
    try options.refuseSpareConsent(for: requests)
    let interruption = work.stopOnSignals()
    var worst = ExitCode.done
    for request in requests {
        let site = work.site(interruption)
        let name = request.pipeline.name
        let result = try working(rerun: work.command("run", name)) { try Runner(site: site, request: request).run() }
        let code: ExitCode = result.summary.openRejects > 0 ? .rejectsOpen : .done
        show(result, code, work, terminal)
        if code != .done { worst = code }
    }
    return worst
}

extension RunOptions {
    /// The request for one of the pipelines; options that name another pipeline are none of its business.
    fileprivate func request(_ pipeline: Pipeline, schema: Identifier, limits: BatchLimits) -> RunRequest {
        let stages = with.filter { $0.pipeline == nil || $0.pipeline == pipeline.name }.map(\.stage)
        let goal = Goal(until: until, with: Set(stages), all: withAll)
        return RunRequest(
            pipeline: pipeline, schema: schema, goal: goal, limits: limits, joins: join,
            existing: Engine.ExistingRows(rawValue: onExisting.rawValue) ?? .stop, consent: consent(for: pipeline.name))
    }
}

private func show(
    _ result: RunResult, _ code: ExitCode, _ work: PipelineWork, _ terminal: Terminal
) {
    let name = result.summary.pipeline
    let catchUp = result.changes.map { !$0.isEmpty } ?? false ? work.command("catch-up", name) : nil
    let next = result.summary.openRejects > 0 ? work.command("rejects", name) : catchUp
    if terminal.style.isJSON {
        terminal.result(
            .object([
                ("event", .string("ended")), ("code", .int(Int64(code.rawValue))), ("name", .string(code.name)),
                ("nothing_to_do", .bool(result.hadNothingToDo)), ("summary", SummaryText.json(result.summary)),
                ("changes", result.changes.map(json) ?? .null), ("next", next.map(JSONValue.string) ?? .null),
            ]))
        return
    }
    if result.hadNothingToDo {
        terminal.result(nothingToDo(result))
    } else if let reason = result.finishedReason {
        terminal.result("\(result.summary.pipeline): \(Printable.escaped(reason))")
    } else {
        for line in SummaryText.lines(result.summary) { terminal.result(line) }
    }
    if let since = since(result.changes), let catchUp {
        terminal.result("\(name): \(since); to bring them over: \(catchUp)")
    }
    if result.summary.openRejects > 0, let next {
        terminal.conclude("\(Quantity.counted(result.summary.openRejects, "reject")) open; next: \(next)")
    }
}

private func nothingToDo(_ result: RunResult) -> String {
    let name = result.summary.pipeline
    let rejects = result.summary.openRejects
    let open = rejects > 0 ? ", \(Quantity.counted(rejects, "reject")) open" : ""
    return "\(name): nothing to do\(open)"
}

/// What the source has had written to it since it was read; nil when nothing.
private func since(_ changes: SourceChanges?) -> String? {
    guard let changes, !changes.isEmpty else { return nil }
    var parts: [String] = []
    if changes.new > 0 { parts.append("\(Quantity.grouped(changes.new)) new") }
    if changes.changed > 0 { parts.append("\(Quantity.grouped(changes.changed)) changed") }
    if changes.vanished > 0 { parts.append("\(Quantity.grouped(changes.vanished)) deleted") }
    return "in the source since it was read: \(parts.joined(separator: ", "))"
}

private func json(_ changes: SourceChanges) -> JSONValue {
    .object([
        ("new", .int(changes.new)), ("changed", .int(changes.changed)), ("deleted", .int(changes.vanished)),
    ])
}

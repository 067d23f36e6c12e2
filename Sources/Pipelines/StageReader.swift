import JSON
import Postgres

/// Reads the stages of a pipeline file, one after the other, and the SQL files they name.
struct StageReader {
    /// The stages that were read, in order; those that are wrong are left out.
    private(set) var stages: [Stage] = []
    private let scripts: ScriptReader
    private let others: OtherPipelines
    private let problems: ProblemList
    /// The lines of the names met so far, also those of stages that are wrong otherwise.
    private var lines: [String: Int] = [:]
    private var constraintLines: [Identifier: Int] = [:]

    init(files: ProjectFiles, others: OtherPipelines, problems: ProblemList) {
        scripts = ScriptReader(files: files, problems: problems)
        self.others = others
        self.problems = problems
    }

    /// Reads the next stage, or leaves a problem. `number` counts from 1, for stages without a name.
    mutating func read(_ value: LocatedValue, number: Int) {
        guard var object = ObjectReader(value, subject: "stage \(number)", problems: problems) else { return }
        let name = name(of: object)
        if let name { object.subject = "stage \(quotation(name))" }
        let title = object.sentence("title", .optional)
        let flags = StageFlags(object)
        let kind = kind(of: object)
        flags?.check(object, kind: kind)
        let work = kind.flatMap { self.work(of: object, kind: $0) }
        // Only now, so that no stage is one before itself.
        if let name { lines[name] = lines[name] ?? object.line }
        guard let name, let flags, let work else { return }
        stages.append(
            Stage(
                name: name, title: title, isOptional: flags.isOptional, isDestructive: flags.isDestructive, work: work,
                line: object.line))
    }

    private func name(of object: ObjectReader) -> String? {
        guard let name = object.string("name") else { return nil }
        guard PlainName.isValid(name) else {
            object.complain(about: "name", "\(quotation(name)) is not made of \(PlainName.rule)")
            return nil
        }
        if let line = lines[name] {
            object.complain(about: "name", "\(quotation(name)) is taken by the stage on line \(line)")
        }
        return name
    }

    private func kind(of object: ObjectReader) -> StageKind? {
        guard let name = object.string("kind") else { return nil }
        if let kind = StageKind(rawValue: name) { return kind }
        let hint = hint(for: name, among: StageKind.allCases.map(\.rawValue))
        object.complain(about: "kind", "\(quotation(name)) is not known; \(hint)")
        return nil
    }

    private mutating func work(of object: ObjectReader, kind: StageKind) -> Work? {
        object.expectKeys(PipelineKeys.stage(kind), of: "a \(kind.rawValue) stage")
        return switch kind {
        case .check: scripts.script(of: object).map { .check($0) }
        case .sql: scripts.scripts(of: object).map { .sql($0) }
        case .stream: StreamReader.read(object).map { .stream($0) }
        case .constraints: constraints(of: object).map { .constraints($0) }
        case .batch: BatchReader(stage: object, scripts: scripts).read().map { .batch($0) }
        case .verify:
            VerificationReader(stage: object, earlier: earlier, others: others, scripts: scripts, problems: problems)
                .read().map { .verify($0) }
        case .retire: RetirementReader(stage: object, earlier: earlier).read().map { .retire($0) }
        }
    }

    private var earlier: EarlierStages { EarlierStages(stages: stages, lines: lines) }

    private mutating func constraints(of object: ObjectReader) -> [Constraint]? {
        guard let elements = object.array("constraints") else { return nil }
        var read: [Constraint] = []
        for (index, element) in elements.enumerated() {
            let subject = "constraint \(index + 1) of \(object.subject)"
            let constraint = ConstraintReader.read(
                element, subject: subject, lines: &constraintLines, problems: problems)
            if let constraint { read.append(constraint) }
        }
        return read.count == elements.count ? read : nil
    }
}

import JSON
import Postgres

/// Reads the stages of a pipeline file, one after the other, and the SQL files they name.
struct StageReader {
    private let files: ProjectFiles
    private let problems: ProblemList
    /// The lines of the names met so far, also those of stages that are wrong otherwise.
    private var lines: [String: Int] = [:]
    private var constraintLines: [Identifier: Int] = [:]

    init(files: ProjectFiles, problems: ProblemList) {
        self.files = files
        self.problems = problems
    }

    /// The stage; nil when it leaves a problem. `number` counts from 1, for stages without a name.
    mutating func read(_ value: LocatedValue, number: Int) -> Stage? {
        guard var object = ObjectReader(value, subject: "stage \(number)", problems: problems) else { return nil }
        let name = name(of: object)
        if let name { object.subject = "stage \(quotation(name))" }
        let title = object.sentence("title", .optional)
        let isOptional = object.flag("optional")
        let isDestructive = object.flag("destructive")
        if isDestructive == true, isOptional == false {
            object.complain(about: "destructive", "needs \"optional\": true, so that it never runs unasked")
        }
        guard let kind = kind(of: object) else { return nil }
        object.expectKeys(PipelineKeys.stage(kind), of: "a \(kind.rawValue) stage")
        let work = work(of: object, kind: kind)
        guard let name, let isOptional, let isDestructive, let work else { return nil }
        return Stage(
            name: name, title: title, isOptional: isOptional, isDestructive: isDestructive, work: work,
            line: object.line)
    }

    private mutating func name(of object: ObjectReader) -> String? {
        guard let name = object.string("name") else { return nil }
        guard PlainName.isValid(name) else {
            object.complain(about: "name", "\(quotation(name)) is not made of \(PlainName.rule)")
            return nil
        }
        if let line = lines[name] {
            object.complain(about: "name", "\(quotation(name)) is taken by the stage on line \(line)")
        }
        lines[name] = lines[name] ?? object.line
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
        switch kind {
        case .check: script(of: object).map { .check($0) }
        case .sql: script(of: object).map { .sql($0) }
        case .stream: StreamReader.read(object).map { .stream($0) }
        case .constraints: constraints(of: object).map { .constraints($0) }
        case .batch, .verify, .retire: nil
        }
    }

    private func script(of object: ObjectReader) -> SQLScript? {
        guard let path = object.string("sql") else { return nil }
        let bytes: [UInt8]
        do throws(ProjectFiles.Fault) {
            bytes = try files.read(path)
        } catch {
            object.complain(about: "sql", "names \(quotation(path)): \(error.message)")
            return nil
        }
        do throws(SQLTextError) {
            let script = try SQLScript(name: path, bytes: bytes)
            if !script.statements.isEmpty { return script }
            problems.add(file: path, line: nil, "the file holds no statement")
        } catch {
            problems.add(file: path, line: error.line, error.message)
        }
        return nil
    }

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

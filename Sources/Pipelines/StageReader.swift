import JSON
import Postgres

/// Reads one stage of a pipeline file, and the SQL file it names.
struct StageReader {
    let files: ProjectFiles
    let problems: ProblemList

    /// The stage; nil when it leaves a problem. `number` counts from 1, for stages without a name.
    func read(_ value: LocatedValue, number: Int) -> Stage? {
        guard var object = ObjectReader(value, subject: "stage \(number)", problems: problems) else { return nil }
        let name = name(of: object)
        if let name { object.subject = "stage \(quotation(name))" }
        let title = object.sentence("title", .optional)
        let isOptional = object.flag("optional")
        let isDestructive = object.flag("destructive")
        if isDestructive, !isOptional {
            object.complain(about: "destructive", "needs \"optional\": true, so that it never runs unasked")
        }
        guard let kind = kind(of: object) else { return nil }
        object.expectKeys(PipelineKeys.stage(kind), of: "a \(kind.rawValue) stage")
        guard let work = work(of: object, kind: kind), let name else { return nil }
        return Stage(
            name: name, title: title, isOptional: isOptional, isDestructive: isDestructive, work: work,
            line: object.line)
    }

    private func name(of object: ObjectReader) -> String? {
        guard let name = object.string("name") else { return nil }
        if PlainName.isValid(name) { return name }
        object.complain(about: "name", "\(quotation(name)) is not made of \(PlainName.rule)")
        return nil
    }

    private func kind(of object: ObjectReader) -> StageKind? {
        guard let name = object.string("kind") else { return nil }
        if let kind = StageKind(rawValue: name) { return kind }
        let hint = hint(for: name, among: StageKind.allCases.map(\.rawValue))
        object.complain(about: "kind", "\(quotation(name)) is not known; \(hint)")
        return nil
    }

    private func work(of object: ObjectReader, kind: StageKind) -> Work? {
        switch kind {
        case .check: script(of: object).map { .check($0) }
        case .sql: script(of: object).map { .sql($0) }
        case .stream: StreamReader.read(object).map { .stream($0) }
        case .constraints: constraints(of: object).map { .constraints($0) }
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

    private func constraints(of object: ObjectReader) -> [Constraint]? {
        guard let elements = object.array("constraints") else { return nil }
        let constraints = elements.enumerated().map { index, element in
            ConstraintReader.read(
                element, subject: "constraint \(index + 1) of \(object.subject)", problems: problems)
        }
        let read = constraints.compactMap(\.self)
        return read.count == elements.count ? read : nil
    }
}

import Postgres

/// Reads what is particular to a stream stage.
struct StreamReader {
    private let stage: ObjectReader

    /// The stream; nil when it leaves a problem.
    static func read(_ stage: ObjectReader) -> Stream? {
        StreamReader(stage: stage).stream()
    }

    private func stream() -> Stream? {
        let source = source()
        let transform = transform()
        let targets = targets()
        let writesBack = stage.has("write_back")
        let column = stage.object("write_back", keys: PipelineKeys.writeBack, .optional)?.identifier("column")
        guard let source, let transform, let targets, !writesBack || column != nil else { return nil }
        let stream = Stream(source: source, transform: transform, targets: targets, writeBack: column)
        return isConsistent(stream) ? stream : nil
    }

    private func source() -> Stream.Source? {
        guard let object = stage.object("source", keys: PipelineKeys.source) else { return nil }
        let table = object.identifier("table")
        let key = object.identifiers("key")
        let columns = object.identifiers("columns")
        let carry = object.has("carry") ? object.identifiers("carry") : []
        let maybeMissing = object.flag("maybe_missing")
        if let key, let columns, let both = columns.first(where: key.contains) {
            object.complain(about: "columns", "names \(quotation(both.name)), which is read as part of the key")
            return nil
        }
        if let carry, let both = carry.first(where: ((key ?? []) + (columns ?? [])).contains) {
            object.complain(about: "carry", "names \(quotation(both.name)), which is read already")
            return nil
        }
        guard let table, let key, let columns, let carry, let maybeMissing else { return nil }
        return Stream.Source(table: table, key: key, columns: columns, carry: carry, maybeMissing: maybeMissing)
    }

    /// One target, or as many as stand in a list.
    private func targets() -> [Stream.Target]? {
        guard stage.has("targets") else {
            return stage.object("target", keys: PipelineKeys.target).flatMap(target).map { [$0] }
        }
        if stage.has("target") { stage.complain(about: "targets", "stands beside \"target\"; one of them is enough") }
        guard let objects = stage.objects("targets", keys: PipelineKeys.target) else { return nil }
        let targets = objects.compactMap(target)
        return targets.count == objects.count ? targets : nil
    }

    private func target(_ object: ObjectReader) -> Stream.Target? {
        let table = object.identifier("table")
        let parent = object.identifiers("parent")
        let rows = object.expression("rows")
        guard let table, let parent, rows != nil || !object.has("rows") else { return nil }
        return Stream.Target(table: table, parent: parent, rows: rows)
    }

    private func transform() -> BuiltInTransform? {
        guard let name = stage.string("transform") else { return nil }
        if let transform = BuiltInTransform(rawValue: name) { return transform }
        let hint = hint(for: name, among: BuiltInTransform.allCases.map(\.rawValue))
        stage.complain(about: "transform", "\(quotation(name)) is not known; \(hint)")
        return nil
    }

    /// What cannot be said of one key alone.
    private func isConsistent(_ stream: Stream) -> Bool {
        var consistent = true
        func expect(_ condition: Bool, _ key: String, _ message: String) {
            guard !condition else { return }
            stage.complain(about: key, message)
            consistent = false
        }
        let (source, targets, transform) = (stream.source, stream.targets, stream.transform)
        let target = targets.count == 1 ? "target" : "targets"
        let (columns, carries) = (transform.columnCount, transform.carryCounts)
        expect(
            source.columns.count == columns, "source",
            "must name \(counted(columns, "column")) for \(transform.rawValue), not \(source.columns.count)")
        expect(
            carries.contains(source.carry.count), "source",
            "can carry \(counted(carries.upperBound, "column")) for \(transform.rawValue), not \(source.carry.count)")
        expect(
            targets.count == transform.targetCount, target,
            "must be \(counted(transform.targetCount, "table")) for \(transform.rawValue), not \(targets.count)")
        expect(Set(targets.map(\.table)).count == targets.count, target, "names a table twice")
        expect(
            targets.allSatisfy { source.key.count == $0.parent.count }, target,
            "must name as many parent columns as the source's key has: \(source.key.count)")
        expect(targets.allSatisfy { source.table != $0.table }, target, "is the table that is read")
        if let both = source.carry.first(where: targets.flatMap(\.parent).contains) {
            expect(false, target, "has \(quotation(both.name)) for the key, which is carried over, too")
        }
        if let column = stream.writeBack {
            expect(
                transform.hasSecondResult, "write_back", "has nothing to write: \(transform.rawValue) has one result")
            expect(!source.key.contains(column), "write_back", "would change the key")
            expect(!source.columns.contains(column), "write_back", "would change a column that is read")
        }
        return consistent
    }
}

/// A number and its noun.
private func counted(_ number: Int, _ noun: String) -> String {
    number == 1 ? "1 \(noun)" : "\(number == 0 ? "no" : String(number)) \(noun)s"
}

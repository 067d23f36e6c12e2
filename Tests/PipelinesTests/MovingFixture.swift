import Testing

/// A pipeline of the kinds that move, prove and drop, with every key of them in it.
enum Moving {
    static let pipeline = """
        { "name": "sample", "title": "Moves a away.", "needs": ["other"],
          "stages": [
            { "name": "rows", "kind": "stream",
              "source": { "table": "a", "key": ["k"], "columns": ["c"], "carry": ["m"], "maybe_missing": true },
              "transform": "memoir-images",
              "target": { "table": "b", "parent": ["a_k"], "rows": "M  IS NOT NULL" } },
            { "name": "fill", "kind": "batch", "source": { "table": "b", "key": ["id"] }, "sql": "sql/fill.sql",
              "undo": "sql/clear.sql" },
            { "name": "proof", "kind": "verify", "proofs": [
              { "stage": "rows" }, { "pipeline": "other", "stage": "lines" },
              { "stage": "fill", "sql": "sql/differing.sql" } ] },
            { "name": "drop", "kind": "retire", "optional": true, "destructive": true,
              "table": "a", "key": ["k"], "columns": ["c"], "proof": "proof" } ] }
        """

    static let other = """
        { "name": "other", "title": "Goes before.", "stages": [
            { "name": "ready", "kind": "check", "sql": "sql/check.sql" },
            { "name": "lines", "kind": "stream", "transform": "memoir-sections",
              "source": { "table": "x", "key": ["k"], "columns": ["c", "d"] },
              "target": { "table": "y", "parent": ["x_k"] } } ] }
        """

    static let files = [
        "sql/fill.sql": "update b as source set n = 1 where :range;",
        "sql/clear.sql": "update b as source set n = null where :range and n = 1;",
        "sql/differing.sql": "select source.id, n, 1 from b as source where :range and n <> 1;",
        "pipelines/other.json": other,
    ]

    /// What is wrong with it, a line a problem, when one part is replaced and some files are others.
    static func problems(
        _ part: String = "", _ replacement: String = "", files: [String: String] = [:]
    ) throws -> [String] {
        try Sample.problems(changed(part, replacement), files: Moving.files.merging(files) { $1 })
    }

    /// The sample with one part replaced, which must be in it once.
    static func changed(_ part: String, _ replacement: String) throws -> String {
        guard !part.isEmpty else { return pipeline }
        try #require(pipeline.ranges(of: part).count == 1, "the sample has \(part) not once")
        return pipeline.replacing(part, with: replacement)
    }
}

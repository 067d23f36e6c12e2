import Foundation
import Pipelines
import Testing

/// A project in a directory of its own, gone when the test is.
final class ProjectFixture {
    let directory: URL

    /// Writes these files; the scripts that `Sample.pipeline` names are there without being asked for.
    init(_ files: [String: String] = [:]) throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "pipelines-\(UUID().uuidString)")
        for (path, text) in Sample.scripts.merging(files, uniquingKeysWith: { $1 }) {
            try write(path, Data(text.utf8))
        }
    }

    deinit {
        try? FileManager.default.removeItem(at: directory)
    }

    func write(_ path: String, _ bytes: Data) throws {
        let file = directory.appending(path: path)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try bytes.write(to: file)
    }

    func link(_ path: String, to target: String) throws {
        try FileManager.default.createSymbolicLink(
            atPath: directory.appending(path: path).path, withDestinationPath: target)
    }

    // Methods of the fixture, so that it and its directory outlive the reading.

    func load(_ name: String) throws(PipelineError) -> Pipeline {
        try PipelineCatalog(project: directory.path).load(name)
    }

    func names() throws(PipelineError) -> [String] {
        try PipelineCatalog(project: directory.path).names()
    }
}

/// A pipeline file with every key of the format in it.
enum Sample {
    static let name = "sample"

    static let scripts = [
        "sql/check.sql": "select 1;", "sql/tables.sql": "create table a (b int);\ncreate table c ();",
    ]

    static let pipeline = """
        { "$schema": "pipeline.schema.json", "name": "sample", "title": "Copies a into b.", "schema": "public",
          "stages": [
            { "name": "ready", "kind": "check", "title": "Looks first.", "sql": "sql/check.sql" },
            { "name": "tables", "kind": "sql", "sql": "sql/tables.sql", "optional": true, "destructive": true },
            { "name": "rows", "kind": "stream",
              "source": { "table": "a", "key": ["k", "l"], "columns": ["c", "d"] },
              "transform": "memoir-sections",
              "target": { "table": "b", "parent": ["a_k", "a_l"] },
              "write_back": { "column": "e" } },
            { "name": "keys", "kind": "constraints", "constraints": [
              { "name": "b_pkey", "table": "b", "primary_key": ["id"] },
              { "name": "b_k_key", "table": "b", "unique": ["a_k", "n"] },
              { "name": "b_n_idx", "table": "b", "index": ["n"], "unique": true, "where": "n IS NULL" },
              { "name": "b_a_fkey", "table": "b", "foreign_key": ["a_k", "a_l"],
                "references": { "table": "a", "columns": ["k", "l"] }, "on_delete": "set null" } ] } ] }
        """

    /// The pipeline that this text describes, as `sample` of a project of its own.
    static func load(_ text: String = pipeline, files: [String: String] = [:]) throws -> Pipeline {
        let files = files.merging(["pipelines/sample.json": text]) { $1 }
        return try ProjectFixture(files).load(name)
    }

    /// What is wrong with this text, a line a problem; empty when nothing is.
    static func problems(_ text: String, files: [String: String] = [:]) throws -> [String] {
        do {
            _ = try load(text, files: files)
            return []
        } catch let error as PipelineError {
            return error.problems.map(\.description)
        }
    }

    /// The sample with one part replaced, which must be in it.
    static func changed(_ part: String, _ replacement: String) throws -> String {
        try #require(pipeline.contains(part), "the sample has no \(part)")
        return pipeline.replacing(part, with: replacement)
    }
}

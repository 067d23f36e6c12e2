import Foundation
import Testing

@testable import Pipelines

/// The published JSON Schema; a definition of it, by name.
private struct Schema {
    private let definitions: [String: Any]

    init() throws {
        let file = try JSONSerialization.jsonObject(with: projectFile("pipelines/pipeline.schema.json"))
        definitions = try #require((file as? [String: Any])?["$defs"] as? [String: Any])
    }

    func definition(_ name: String) throws -> [String: Any] {
        try #require(definitions[name] as? [String: Any], "the schema has no \(name)")
    }

    func properties(_ name: String) throws -> [String: Any] {
        try #require(definition(name)["properties"] as? [String: Any])
    }

    func property(_ name: String, of definition: String) throws -> [String: Any] {
        try #require(properties(definition)[name] as? [String: Any])
    }

    func required(_ name: String) throws -> Set<String> {
        let definition = try definition(name)
        // Of what can stand in each other's place the sample has the first.
        let first = (definition["oneOf"] as? [[String: Any]])?.first?["required"] as? [String] ?? []
        return try Set(#require(definition["required"] as? [String]) + first)
    }
}

@Suite("The published schema is true to the reader")
struct SchemaTests {
    private static let constraints = ["primaryKey", "unique", "index", "foreignKey"]

    @Test("it has the reader's keys and no others")
    func keys() throws {
        let schema = try Schema()
        #expect(try Set(schema.properties("pipeline").keys) == Set(PipelineKeys.pipeline))
        #expect(try Set(schema.properties("source").keys) == Set(PipelineKeys.source))
        #expect(try Set(schema.properties("target").keys) == Set(PipelineKeys.target))
        #expect(try Set(schema.properties("writeBack").keys) == Set(PipelineKeys.writeBack))
        #expect(try Set(schema.properties("references").keys) == Set(PipelineKeys.references))
        #expect(try Set(schema.properties("batchSource").keys) == Set(PipelineKeys.batchSource))
        #expect(try Set(schema.properties("proof").keys) == Set(PipelineKeys.proof))
        let constraint = try Set(Self.constraints.flatMap { try schema.properties($0).keys })
        #expect(constraint == Set(PipelineKeys.constraint))
        for kind in StageKind.allCases {
            #expect(try Set(schema.properties(kind.rawValue).keys) == Set(PipelineKeys.stage(kind)))
        }
    }

    @Test("it is as strict about other keys")
    func strictness() throws {
        let schema = try Schema()
        let objects =
            ["pipeline", "source", "target", "writeBack", "references", "batchSource", "proof"] + Self.constraints
        for name in objects + StageKind.allCases.map(\.rawValue) {
            #expect(try schema.definition(name)["additionalProperties"] as? Bool == false, "\(name)")
        }
    }

    @Test("it has the same rules for what destroys")
    func flags() throws {
        let schema = try Schema()
        for kind in StageKind.allCases {
            let destructive = try schema.property("destructive", of: kind.rawValue)
            let fixed = destructive["const"] as? Bool
            let conditions = try schema.definition(kind.rawValue)["dependentSchemas"] as? [String: Any]
            switch kind {
            case .check, .verify: #expect(fixed == false)
            case .retire:
                #expect(try fixed == true && schema.property("optional", of: "retire")["const"] as? Bool == true)
            case .sql, .stream, .batch, .constraints: #expect(fixed == nil && conditions?["destructive"] != nil)
            }
        }
    }

    @Test("it has the same kinds, transforms and actions")
    func values() throws {
        let schema = try Schema()
        for kind in StageKind.allCases {
            #expect(try schema.property("kind", of: kind.rawValue)["const"] as? String == kind.rawValue)
        }
        let stages = try schema.property("stages", of: "pipeline")
        let choices = try #require((stages["items"] as? [String: Any])?["oneOf"] as? [[String: String]])
        #expect(choices.map { $0["$ref"] } == StageKind.allCases.map { "#/$defs/\($0.rawValue)" })
        #expect(
            try schema.property("transform", of: "stream")["enum"] as? [String]
                == BuiltInTransform.allCases.map(\.rawValue))
        #expect(
            try schema.property("on_delete", of: "foreignKey")["enum"] as? [String]
                == Constraint.DeleteAction.allCases.map(\.rawValue))
    }

    /// Each place in the sample that has an object, and the schema's definition for it.
    private static let places: [(definition: String, path: [PathStep])] = [
        ("pipeline", []), ("check", ["stages", 0]), ("sql", ["stages", 1]), ("stream", ["stages", 2]),
        ("source", ["stages", 2, "source"]), ("target", ["stages", 2, "target"]),
        ("writeBack", ["stages", 2, "write_back"]), ("constraints", ["stages", 3]),
        ("primaryKey", ["stages", 3, "constraints", 0]), ("unique", ["stages", 3, "constraints", 1]),
        ("index", ["stages", 3, "constraints", 2]), ("foreignKey", ["stages", 3, "constraints", 3]),
        ("references", ["stages", 3, "constraints", 3, "references"]),
    ]

    /// The same for the sample of moving and dropping.
    private static let morePlaces: [(definition: String, path: [PathStep])] = [
        ("pipeline", []), ("stream", ["stages", 0]), ("source", ["stages", 0, "source"]),
        ("target", ["stages", 0, "target"]), ("batch", ["stages", 1]), ("batchSource", ["stages", 1, "source"]),
        ("verify", ["stages", 2]), ("proof", ["stages", 2, "proofs", 0]), ("retire", ["stages", 3]),
    ]

    @Test("it requires what the reader requires", arguments: places.indices)
    func requiredKeys(place: Int) throws {
        let (definition, path) = Self.places[place]
        try expectRequiredKeys(of: definition, at: path, in: Sample.pipeline)
    }

    @Test("it requires what the reader requires of stages that move and drop", arguments: morePlaces.indices)
    func moreRequiredKeys(place: Int) throws {
        let (definition, path) = Self.morePlaces[place]
        try expectRequiredKeys(of: definition, at: path, in: Moving.pipeline, files: Moving.files)
    }

    private func expectRequiredKeys(
        of definition: String, at path: [PathStep], in text: String, files: [String: String] = [:]
    ) throws {
        let schema = try Schema()
        let sample = try JSONSerialization.jsonObject(with: Data(text.utf8))
        var needed: Set<String> = []
        for key in try schema.properties(definition).keys {
            let without = removing(path + [.key(key)], from: sample)
            let text = try String(decoding: JSONSerialization.data(withJSONObject: without), as: UTF8.self)
            // What a key that is there needs besides is said by conditions.
            let others = ["never runs unasked", "is not among what this one"]
            let isMissing = try Sample.problems(text, files: files).contains { problem in
                !others.contains { problem.contains($0) }
            }
            if isMissing { needed.insert(key) }
        }
        #expect(try needed == schema.required(definition))
    }
}

/// A step into a JSON value.
private enum PathStep: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral {
    case key(String)
    case index(Int)

    init(stringLiteral key: String) { self = .key(key) }
    init(integerLiteral index: Int) { self = .index(index) }
}

/// A JSON value without the key at the end of the path.
private func removing(_ path: [PathStep], from value: Any) -> Any {
    guard let step = path.first else { return value }
    let rest = Array(path.dropFirst())
    switch (step, value) {
    case (.key(let key), var object as [String: Any]):
        object[key] = rest.isEmpty ? nil : object[key].map { removing(rest, from: $0) }
        return object
    case (.index(let index), var array as [Any]):
        array[index] = removing(rest, from: array[index])
        return array
    default:
        return value
    }
}

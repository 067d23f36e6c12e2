import Support
import Testing

/// The three pipelines of the memoir application, or the one that does the same in one pass, with both drops, as an operator
/// runs them.
enum Workflow {

    static let pipelines = ["chapter-sections", "memoir-images", "section-image-id"]

    /// The stages that drop columns, with their pipelines and what is gone after them.
    enum Drop: String, CaseIterable {
        case chapterColumns = "drop-old-columns"
        case sectionImage = "drop-section-image"

        var pipeline: String {
            switch self {
            case .chapterColumns: "chapter-sections"
            case .sectionImage: "section-image-id"
            }
        }

        /// The table and the columns that it loses.
        var columns: (table: String, names: [String]) {
            switch self {
            case .chapterColumns: ("chapters", ["content", "images"])
            case .sectionImage: ("chapter_sections", ["image"])
            }
        }

        /// The command without any consent.
        var command: [String] { ["run"] + words }

        /// The same, to be put behind `run` with more.
        var words: [String] { [pipeline, "--with", rawValue] }
    }

    /// Everything in one command, given what must be accepted for the first drop.
    static func everything(on database: MemoirDatabase, accepting losses: Losses) -> [String] {
        var words = ["run"] + pipelines
        for drop in Drop.allCases { words += ["--with", "\(drop.pipeline):\(drop.rawValue)"] }
        words += ["--confirm", database.name]
        if losses.rejects > 0 { words += ["--accept-rejects", "\(Drop.chapterColumns.pipeline)=\(losses.rejects)"] }
        return words + losses.keyArguments
    }
}

extension Workflow {
    /// How the whole of it is done.
    enum Way: CaseIterable {
        case inRow, onePass

        var pipelines: [String] {
            switch self {
            case .inRow: Workflow.pipelines
            case .onePass: ["memoir"]
            }
        }

        /// The stages whose rejects and keys have to be accepted for the first drop.
        var stagesOfLosses: [String] {
            switch self {
            case .inRow: ["sections"]
            case .onePass: ["sections", "covers"]
            }
        }

        /// How everything ends: bad covers stay open where no drop asks for them.
        var status: Int32 { self == .inRow ? 3 : 0 }

        /// Everything in one command with both drops.
        func everything(on database: MemoirDatabase, accepting losses: Losses) -> [String] {
            switch self {
            case .inRow: return Workflow.everything(on: database, accepting: losses)
            case .onePass:
                let stages = ["drop-old-columns", "pictures", "verify-pictures", "drop-section-image"]
                let words = ["run", "memoir"] + stages.flatMap { ["--with", $0] } + ["--confirm", database.name]
                return words + losses.arguments
            }
        }
    }
}

/// What would be lost by a drop, and must be accepted: in the words of the command line.
struct Losses: Sendable {
    var rejects: Int
    /// As the ledger names them; kept as bytes, for to a String é and e with an accent are the same.
    var keys: [[UInt8]]

    var keyArguments: [String] {
        guard !keys.isEmpty else { return [] }
        return [
            "--accept-unmapped", String(decoding: Array(keys.joined(separator: [UInt8(ascii: ",")])), as: UTF8.self),
        ]
    }

    /// All that is asked for.
    var arguments: [String] { ["--accept-rejects", "\(rejects)"] + keyArguments }
}

extension MemoirDatabase {
    /// What the ledger says would be lost if the source of some stages was dropped.
    func losses(of stages: String...) async throws -> Losses { try await losses(of: stages) }

    func losses(of stages: [String]) async throws -> Losses {
        let list = stages.map { "'\($0)'" }.joined(separator: ", ")
        let keys = try await psql(
            "select distinct name collate \"C\" from etl.unmapped where stage in (\(list)) order by 1")
        return Losses(
            rejects: try await count("etl.rejects where state = 'open' and stage in (\(list))"),
            keys: keys.utf8.split(separator: UInt8(ascii: "\n")).map(Array.init))
    }

    /// Which of some columns a table has.
    func columns(_ names: [String], of table: String) async throws -> Int {
        try await count(
            "pg_attribute where attrelid = '\(table)'::regclass and not attisdropped and attname in ("
                + names.map { "'\($0)'" }.joined(separator: ", ") + ")")
    }

    /// How many of the columns that a drop takes are there.
    func columnsLeft(by drop: Workflow.Drop) async throws -> Int {
        try await columns(drop.columns.names, of: drop.columns.table)
    }
}

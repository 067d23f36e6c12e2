import Foundation
import Support

/// A part of the three pipelines, or of the one in their place, with both drops, small enough to be tried with a fault at each of its calls to libpq.
///
/// Each begins where the one before ended. So where every phase ends as if there was no fault, whatever the fault, the
/// whole does.
enum Phase: String, CaseIterable, Sendable {
    case tables, sections, chapterRest
    case images, imageRest
    case backfill, backfillRest
    case dropChapterColumns, dropSectionImage
    case onePass, onePassRest, onePassDrops

    /// The phases of one pass begin anew.
    var isFirst: Bool { [.tables, .onePass].contains(self) }

    /// The stages whose rejects have to be accepted with it; none where there is no drop.
    var stagesOfLosses: [String] {
        switch self {
        case .dropChapterColumns: Workflow.Way.inRow.stagesOfLosses
        case .onePassDrops: Workflow.Way.onePass.stagesOfLosses
        default: []
        }
    }

    /// The command, with one worker, so that the calls come in much the same order every time, and three chunks.
    func command(on database: MemoirDatabase, accepting losses: Losses) -> [String] {
        let words: [String] =
            switch self {
            case .tables: ["chapter-sections", "--until", "tables"]
            case .sections: ["chapter-sections", "--until", "sections"]
            case .chapterRest: ["chapter-sections"]
            case .images: ["memoir-images", "--until", "images"]
            case .imageRest: ["memoir-images"]
            case .backfill: ["section-image-id", "--until", "backfill"]
            case .backfillRest: ["section-image-id"]
            case .dropChapterColumns:
                Workflow.Drop.chapterColumns.words + ["--confirm", database.name] + losses.arguments
            case .dropSectionImage:
                Workflow.Drop.sectionImage.words + ["--confirm", database.name]
            case .onePass: ["memoir", "--until", "sections"]
            case .onePassRest: ["memoir"]
            case .onePassDrops: Array(Workflow.Way.onePass.everything(on: database, accepting: losses).dropFirst())
            }
        return ["run"] + words + ["--workers", "1", "--batch-rows", isOfSections ? "50" : "10", "--max-outage", "5"]
    }

    /// Whether what its chunks hold are sections, of which there are more than chapters.
    private var isOfSections: Bool { [.images, .backfill, .onePassDrops].contains(self) }

    /// The phases that are tried: all, or those that a variable names.
    static let chosen = allCases.filter { Faults.isWanted(in: $0.rawValue) }
}

/// How a phase goes when nobody interferes.
struct PhaseCourse: Sendable {
    let phase: Phase
    /// What it begins with.
    let before: MemoirDatabase
    let losses: Losses
    /// How it ends, and with what.
    let status: Int32
    let hash: String
    /// How many calls to libpq it makes, more or less: that depends on how answers arrive, too.
    let counts: CallCounts

    /// Every phase, one after the other.
    static let all = Task {
        let chapters = try await MemoirDatabase.holding(
            Chapters(
                rows: 30, seed: 61, key: .text, content: .text, images: .json, bad: 0.1, covers: .every, isCopied: true)
        )
        var database = chapters
        var courses: [Phase: PhaseCourse] = [:]
        for phase in Phase.allCases {
            if phase.isFirst { database = chapters }
            let losses =
                phase.stagesOfLosses.isEmpty
                ? Losses(rejects: 0, keys: []) : try await database.losses(of: phase.stagesOfLosses)
            let after = try await database.copyWithRuns()
            let scratch = try Scratch()
            let run = try await after.start(
                phase.command(on: after, accepting: losses), variables: CallCounts.variable(scratch)
            ).end()
            let counts = CallCounts(in: scratch)
            guard [0, 3].contains(run.status), counts.calls > 0 else { throw UnexpectedEnd(run) }
            let hash = try await after.hash(withStates: true)
            let verdict = try await after.check("--states", hash: hash)
            guard verdict.hasSuffix(asContracted) else { throw UnexpectedVerdict(verdict) }
            courses[phase] = PhaseCourse(
                phase: phase, before: database, losses: losses, status: run.status, hash: hash, counts: counts)
            database = after
        }
        return courses
    }
}

/// The judge found something where nobody interfered.
struct UnexpectedVerdict: Error {
    let verdict: String

    init(_ verdict: String) {
        self.verdict = verdict
    }
}

import Ledger
import Pipelines
import Postgres

/// What an operator's consent covers of the rejects and the unmapped keys that are in the way of a drop.
struct Acceptance {
    /// What it does not cover, or covers wrongly.
    private(set) var obstacles: [Obstacle] = []
    /// What was stated and is right, as options.
    private(set) var words: [String] = []
    private let context: StageContext
    private let scope: DropScope
    /// How many rejects are to be accepted; nil where none is, or not by the right number.
    private var rejects: Int64?
    private var keys: [[UInt8]] = []

    /// Compares the consent with the ledger.
    init(
        of consent: Consent, for scope: DropScope, _ context: StageContext, _ transaction: borrowing Transaction
    ) throws {
        self.context = context
        self.scope = scope
        try judgeRejects(consent.rejects, transaction)
        try judgeKeys(Set(consent.unmapped.map(Self.name)), transaction)
    }

    /// Records what it covers rightly, with entries in the audit.
    func record(_ transaction: borrowing Transaction) throws {
        let site = context.site
        if let rejects {
            guard try site.ledger.acceptRejects(rejects, in: scope, by: site.actor, transaction) else {
                // Somebody's retry came in between.
                throw Failure(
                    .refused, "the number of open rejects has just changed",
                    next: context.site.command("rejects", context.request.pipeline.name))
            }
        }
        if !keys.isEmpty {
            try site.ledger.acceptKeys(
                keys, of: context.run, pipeline: context.request.pipeline.name, by: site.actor, transaction)
        }
    }

    private mutating func judgeRejects(_ stated: Int64?, _ transaction: borrowing Transaction) throws {
        let found = try context.site.ledger.openRejects(in: scope, transaction)
        let open = found.reduce(0) { $0 + $1.count }
        if Mutant.is(.dropWithOpenRejects) { return }
        guard open > 0 else { return try judgeSpareNumber(stated, transaction) }
        if stated == open || (stated != nil && Mutant.is(.acceptAnyNumber)) {
            rejects = open
            words += ["--accept-rejects", String(open)]
            return
        }
        let isOurs = found.allSatisfy { $0.pipeline == context.request.pipeline.name }
        let list = found.map { (isOurs ? "" : "\($0.pipeline) ") + "\($0.code) \($0.count)" }.joined(separator: ", ")
        let count = open == 1 ? "1 reject is open" : "\(open) rejects are open"
        let wrong = stated.map { "--accept-rejects \($0) is not their number: " } ?? ""
        let pipelines = Set(found.map(\.pipeline)).sorted()
        let see = pipelines.map { context.site.command("rejects", $0) }.joined(separator: " and ")
        let retry = pipelines.map { context.site.command("retry", $0) }.joined(separator: " and ")
        obstacles.append(
            Obstacle(
                what: "\(wrong)\(count): \(list)",
                next: "see them with \(see); mend the rows and try them again with \(retry); "
                    + "or add --accept-rejects \(open) to lose them"))
    }

    /// A number that was right once stays right as long as nothing new is open, so that a command can be repeated.
    private mutating func judgeSpareNumber(_ stated: Int64?, _ transaction: borrowing Transaction) throws {
        guard let stated, stated != 0 else { return }
        let accepted = try context.site.ledger.acceptedRejectCount(in: scope, transaction)
        guard stated != accepted else { return }
        let before =
            accepted == 0 ? "" : accepted == 1 ? ", 1 is accepted already" : ", \(accepted) are accepted already"
        obstacles.append(
            Obstacle(
                what: "--accept-rejects \(stated) is not their number: no reject is open\(before)",
                next: "leave it out"))
    }

    private mutating func judgeKeys(_ stated: Set<[UInt8]>, _ transaction: borrowing Transaction) throws {
        let ledger = context.site.ledger
        let found = try ledger.unmapped(in: scope, transaction)
        let accepted = try ledger.acceptedKeys(of: context.run, transaction)
        let open = found.filter { !accepted.contains($0.name) }
        keys = open.map(\.name).filter { stated.contains($0) }
        words += Self.options(found.map(\.name).filter { stated.contains($0) })
        let left = open.filter { !stated.contains($0.name) }
        if !left.isEmpty, !Mutant.is(.dropUnmappedKeys) {
            let options = Self.options(left.map(\.name)).map(ShellWord.quoted).joined(separator: " ")
            let count = left.count == 1 ? "1 key" : "\(left.count) keys"
            obstacles.append(
                Obstacle(
                    what: "\(count) of the documents would be lost, which nothing reads: "
                        + Self.list(left.map { "\(Self.shown($0.name)) \($0.count)" }),
                    next: left.count > Self.limit
                        ? "add --accept-unmapped NAME,… with all of them to lose them" : "add \(options) to lose them"))
        }
        if stated.isEmpty { return }
        let known = try ledger.everUnmapped(on: context.request.schema, transaction)
        refuseUnknown(stated.subtracting(known), among: found.map(\.name))
    }

    /// Names that are no unmapped key of any run are misspelt. Those of another run are not: where several pipelines are run
    /// at once, all of them are told all names.
    private mutating func refuseUnknown(_ names: Set<[UInt8]>, among known: [[UInt8]]) {
        let all = known.map(Self.shown)
        for name in names.map(Self.shown).sorted() {
            let near = nearest(to: name, among: all).map { "did you mean \($0)?" }
            obstacles.append(
                Obstacle(
                    what: "--accept-unmapped names \(name), which is no unmapped key",
                    next: near ?? (all.isEmpty ? "leave it out" : "they are \(Self.list(all))")))
        }
    }
}

/// Unmapped keys as they are typed and shown. The empty one is two quotes.
extension Acceptance {
    /// How many names are shown at most.
    private static let limit = 20

    private static func name(typed: String) -> [UInt8] { typed == "\"\"" ? [] : Array(typed.utf8) }

    private static func shown(_ name: [UInt8]) -> String {
        name.isEmpty ? "\"\"" : String(decoding: name, as: UTF8.self)
    }

    /// The options that name keys: commas between them, a comma of a name behind a backslash. One that ends in a backslash
    /// has its own option.
    private static func options(_ names: [[UInt8]]) -> [String] {
        let backslash = UInt8(ascii: "\\")
        func option(_ names: [[UInt8]]) -> [String] {
            let typed = names.map { shown($0).replacing(",", with: "\\,") }.joined(separator: ",")
            return names.isEmpty ? [] : ShellWord.option("accept-unmapped", typed)
        }
        return option(names.filter { $0.last != backslash })
            + names.filter { $0.last == backslash }.flatMap { option([$0]) }
    }

    private static func list(_ names: [String]) -> String {
        let more = names.count > limit ? ", and \(names.count - limit) more" : ""
        return names.prefix(limit).joined(separator: ", ") + more
    }
}

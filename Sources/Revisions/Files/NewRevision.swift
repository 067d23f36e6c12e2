/// A revision that is to be written: what its file is called and says.
public struct NewRevision: Sendable {
    /// Its place in the graph.
    public var revision: Revision
    /// What it is for, in a line.
    public var title: String
    /// When it is written, in UTC.
    public var created: Moment
    /// The pipeline that is its data step.
    public var pipeline: String?

    /// A date and a time of day.
    public struct Moment: Sendable, Equatable {
        var year, month, day, hour, minute, second: Int
        var epoch: Int

        /// A moment, by its parts and in seconds since 1970.
        public init(year: Int, month: Int, day: Int, hour: Int, minute: Int, second: Int, epoch: Int) {
            (self.year, self.month, self.day) = (year, month, day)
            (self.hour, self.minute, self.second, self.epoch) = (hour, minute, second, epoch)
        }
    }

    /// Describes a revision to write.
    public init(revision: Revision, title: String, created: Moment, pipeline: String? = nil) {
        self.revision = revision
        self.title = title
        self.created = created
        self.pipeline = pipeline
    }

    /// The template of names that sort by time.
    public static let standardTemplate =
        "%(year)d%(month).2d%(day).2d_%(hour).2d%(minute).2d_%(rev)s_%(slug)s"

    /// The name of the file, by a template in Alembic's words; nil for one with words that it does not have.
    public func fileName(template: String = standardTemplate) -> String? {
        var name = template
        let words: [(String, String)] = [
            ("%(rev)s", revision.id.text), ("%(slug)s", slug), ("%(epoch)s", String(created.epoch)),
            ("%(epoch)d", String(created.epoch)), ("%(year)d", String(created.year)),
            ("%(month)", String(created.month)), ("%(day)", String(created.day)), ("%(hour)", String(created.hour)),
            ("%(minute)", String(created.minute)), ("%(second)", String(created.second)),
        ]
        for (word, value) in words {
            name.replace(word + ".2d", with: value.count < 2 ? "0" + value : value)
            name.replace(word.hasSuffix(")") ? word + "d" : word, with: value)
        }
        guard !name.contains("%"), !name.contains("/"), !name.hasPrefix("."), !name.isEmpty else { return nil }
        return (name.hasSuffix("_") ? String(name.dropLast()) : name) + ".sql"
    }

    /// The title as a part of a file's name: letters and digits, at most forty of them.
    private var slug: String {
        let words = title.lowercased().split { !($0.isLetter || $0.isNumber || $0 == "_") }
        let whole = words.joined(separator: "_")
        guard whole.count > 40 else { return whole }
        let cut = whole.prefix(40)
        return String(cut.lastIndex(of: "_").map { cut[..<$0] } ?? cut)
    }

    /// What the file says.
    public var text: String {
        func list(_ names: [String]) -> String { names.isEmpty ? "none" : names.joined(separator: ", ") }
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        var lines = [
            "-- title: \(title)", "-- revision: \(revision.id)", "-- revises: \(list(revision.parents.map(\.text)))",
        ]
        if !revision.labels.isEmpty { lines.append("-- branch labels: \(list(revision.labels.map(\.text)))") }
        if !revision.dependencies.isEmpty { lines.append("-- depends on: \(list(revision.dependencies))") }
        lines.append(
            "-- created: \(created.year)-\(two(created.month))-\(two(created.day)) "
                + "\(two(created.hour)):\(two(created.minute)):\(two(created.second))+00")
        if let pipeline { lines.append("-- run: \(pipeline)") }
        return (lines + ["", "-- upgrade", "", "-- downgrade", ""]).joined(separator: "\n")
    }
}

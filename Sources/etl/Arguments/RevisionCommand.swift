/// What to do about revisions, with the options of that command and of no other.
enum RevisionCommand: Sendable, Equatable {
    case new(NewRevisionOptions)
    case merge([String], NewRevisionOptions)
    case upgrade(StepOptions)
    case downgrade(StepOptions)
    case current(isVerbose: Bool, checksHeads: Bool)
    case history(HistoryOptions)
    case heads(isVerbose: Bool, resolvesDependencies: Bool)
    case branches(isVerbose: Bool)
    case show(String)
    case stamp(StampOptions)
    case edit(String)
}

/// Options of `etl revision` and `etl merge`.
struct NewRevisionOptions: Sendable, Equatable {
    var title = ""
    var labels: [String] = []
    /// What it revises; the head, where nothing is said.
    var heads: [String] = []
    var dependsOn: [String] = []
    var id: String?
    var template: String?
    var pipeline: String?
    /// Whether it may revise what others revise already.
    var splices = false
}

/// Options of `etl upgrade` and `etl downgrade`.
struct StepOptions: Sendable, Equatable {
    var target = ""
    var isOffline = false
    var redoes = false
    var confirm: String?
    var acceptedRejects: Int?
}

/// Options of `etl history`.
struct HistoryOptions: Sendable, Equatable {
    var range: String?
    var isVerbose = false
    var indicatesCurrent = false
}

/// Options of `etl stamp`.
struct StampOptions: Sendable, Equatable {
    var targets: [String] = []
    var purges = false
    var isForced = false
}

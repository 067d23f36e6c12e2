import Pipelines

extension Explanation {
    /// Words for everything that is wrong with a pipeline.
    init(_ error: PipelineError, next: String) {
        let lines = error.problems.map(\.description)
        if let only = lines.first, lines.count == 1 {
            self.init(summary: only, next: next)
        } else {
            self.init(
                summary: "\(lines.count) problems stand in the way; nothing was touched", details: lines,
                next: next)
        }
    }
}

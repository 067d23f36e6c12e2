import Postgres

/// Something that is in the way of a stage, and what the operator can do about it.
struct Obstacle: Equatable {
    /// What is in the way.
    let what: String
    /// What can be done.
    let next: String

    /// A refusal that tells all obstacles at once; nil where there is none.
    static func refusal(_ obstacles: [Obstacle], of what: String, then command: String) -> Failure? {
        guard let first = obstacles.first else { return nil }
        guard obstacles.count > 1 else { return Failure(.refused, first.what, next: first.next) }
        return Failure(
            .refused, "\(obstacles.count) things are in the way of \(what)",
            details: obstacles.map { "\($0.what); \($0.next)" }, next: "settle them, then: \(command)")
    }
}

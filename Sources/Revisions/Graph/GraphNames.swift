/// The names of revisions, settled: who is meant by each, and what is wrong with them.
struct GraphNames {
    private(set) var places: [String: Int] = [:]
    private(set) var parents: [[Int]] = []
    private(set) var dependencies: [[Int]] = []
    private(set) var problems: [GraphProblem] = []

    init(_ revisions: [Revision]) {
        for (place, revision) in revisions.enumerated() {
            if places.updateValue(place, forKey: revision.id.text) != nil { problems.append(.repeated(revision.id)) }
        }
        for (place, revision) in revisions.enumerated() {
            for label in revision.labels {
                if let other = places[label.text] {
                    problems.append(.labelInUse(label, of: revision.id, by: revisions[other].id))
                } else {
                    places[label.text] = place
                }
            }
        }
        for revision in revisions { settle(revision, among: revisions) }
    }

    private mutating func settle(_ revision: Revision, among revisions: [Revision]) {
        var parents: [Int] = []
        for parent in revision.parents {
            // A label is no name for a parent.
            if let place = places[parent.text], revisions[place].id == parent {
                parents.append(place)
            } else {
                problems.append(.missingParent(parent, of: revision.id))
            }
        }
        var dependencies: [Int] = []
        for name in revision.dependencies {
            if let place = places[name] {
                dependencies.append(place)
            } else {
                problems.append(.missingDependency(name, of: revision.id))
            }
        }
        self.parents.append(parents)
        self.dependencies.append(dependencies.withoutRepetition)
    }
}

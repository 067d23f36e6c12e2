/// The revisions that are applied; whatever one of them needs is among them.
public struct AppliedRevisions: Sendable, Equatable {
    let places: Set<Int>
}

extension RevisionGraph {
    /// Nothing is applied.
    public var nothingApplied: AppliedRevisions { AppliedRevisions(places: []) }

    /// Settles what is applied, given all of it.
    public func applied(_ ids: some Sequence<RevisionID>) throws(TargetError) -> AppliedRevisions {
        let places = try known(ids)
        let missing = ancestors(of: places).subtracting(places)
        guard missing.isEmpty else {
            throw .gap(
                self.ids(places.filter { !missing.isDisjoint(with: needs[$0]) }.sorted()),
                needs: self.ids(missing.sorted()))
        }
        return AppliedRevisions(places: places)
    }

    /// Settles what is applied where these are, with all that they need.
    public func applied(upTo ids: some Sequence<RevisionID>) throws(TargetError) -> AppliedRevisions {
        AppliedRevisions(places: ancestors(of: try known(ids)))
    }

    /// Settles what is applied where a target without steps from there was reached.
    public func applied(upTo target: Target) throws(TargetError) -> AppliedRevisions {
        AppliedRevisions(places: ancestors(of: try absolutePlaces(of: target)))
    }

    /// The revisions, in the order in which they can be applied.
    public func order(_ applied: AppliedRevisions) -> [RevisionID] {
        ids(downward(applied.places, from: tips(of: applied.places)).reversed())
    }

    /// The applied revisions on which no other applied one stands, dependencies included.
    public func currentTips(_ applied: AppliedRevisions) -> [RevisionID] { ids(tips(of: applied.places)) }

    /// The applied revisions that no other applied one revises.
    public func current(_ applied: AppliedRevisions) -> [RevisionID] {
        ids(applied.places.filter { children[$0].isDisjoint(with: applied.places) }.sorted())
    }

    /// Whether a revision is among them.
    public func contains(_ id: RevisionID, in applied: AppliedRevisions) -> Bool {
        places[id.text].map(applied.places.contains) ?? false
    }

    private func known(_ ids: some Sequence<RevisionID>) throws(TargetError) -> Set<Int> {
        var found: Set<Int> = []
        var lost: [RevisionID] = []
        for id in ids {
            if let place = places[id.text], revisions[place].id == id { found.insert(place) } else { lost.append(id) }
        }
        guard lost.isEmpty else { throw .lost(lost) }
        return found
    }
}

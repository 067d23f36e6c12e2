extension Document {
    /// Whether a number is written with a point or an exponent.
    func isDecimal(_ node: Node) -> Bool { records[node.index].facts.contains(.decimal) }

    /// Whether a node is a number that `jsonb` prints without a point: `7`, `-0`, `1e2`; not `640.0`.
    ///
    /// A number that `jsonb` refuses is none.
    public func isInteger(_ node: Node) -> Bool {
        guard kind(of: node) == .number else { return false }
        return isDecimal(node) ? Decimal(source(of: node)).isInteger : hasOnlyNumericNumbers(node)
    }

    /// The value of an integer; nil when it is none, or does not fit.
    public func integer(of node: Node) -> Int? {
        guard kind(of: node) == .number else { return nil }
        return Decimal(source(of: node)).integer
    }
}

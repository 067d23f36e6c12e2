import Foundation

/// Calls to libpq that go wrong in a test build; `ETL_FAULT=7:cut` cuts the connection at the seventh.
enum Faults {
    /// The kinds that are tried: all, or those that a variable names.
    static let kinds: [String] = {
        let all = ["fail", "hang", "cut", "cut-after", "kill", "kill-after"]
        let names = (ProcessInfo.processInfo.environment["ETL_NTH_KINDS"] ?? "").split(separator: ",").map(String.init)
        return names.isEmpty ? all : all.filter(names.contains)
    }()

    /// The calls at which a fault is tried: some at random; nil: every one, until a run ends before it comes to it.
    static func places(_ fault: String, in phase: Phase, among calls: Int) -> [Int]? {
        let wanted = ProcessInfo.processInfo.environment["ETL_NTH"] ?? ""
        if wanted == "all" { return nil }
        let salt = (fault + phase.rawValue).utf8.reduce(0) { $0 &* 31 &+ UInt64($1) }
        var numbers = SeededNumbers(seed: EndToEnd.seed &+ salt)
        // Usually one, in half of the phases.
        let count = Int(wanted) ?? Int.random(in: 0...1, using: &numbers)
        return Array((1...calls).shuffled(using: &numbers).prefix(count)).sorted()
    }
}

/// How runs ended in which a call went wrong.
struct FaultCount: CustomStringConvertible {
    private var ends: [String: Int] = [:]

    mutating func add(_ end: String) { ends[end, default: 0] += 1 }

    static func + (one: FaultCount, other: FaultCount) -> FaultCount {
        var sum = one
        for (end, count) in other.ends { sum.ends[end, default: 0] += count }
        return sum
    }

    var description: String {
        let list = ends.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
        return "\(ends.values.reduce(0, +)) cases: \(list)"
    }
}

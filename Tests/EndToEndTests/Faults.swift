import Foundation

/// Calls to libpq that go wrong in a test build; `ETL_FAULT=7:cut` cuts the connection at the seventh.
enum Faults {
    static let kinds = ["kill", "kill-after", "cut", "cut-after", "fail"]

    /// The calls at which a fault is tried: all, or some at random, as many as the variable says or as are usual.
    static func places(_ fault: String, among calls: Int, of usual: Int) -> [Int] {
        let all = Array(1...calls)
        let wanted = ProcessInfo.processInfo.environment["ETL_E2E_FAULTS"] ?? ""
        if wanted == "all" { return all }
        var numbers = SeededNumbers(seed: EndToEnd.seed &+ UInt64(fault.utf8.count))
        let count = Int(wanted).map { $0 / kinds.count } ?? usual
        print("faults (\(fault)): seed \(EndToEnd.seed), \(count) of \(all.count) calls")
        return Array(all.shuffled(using: &numbers).prefix(count)).sorted()
    }

    /// How many calls a run makes: it can be killed at the last of them, which is found by halving.
    static func calls(_ run: (_ fault: String) async throws -> Int32) async throws -> Int {
        var (reached, unreached) = (1, 2048)
        while unreached - reached > 1 {
            let middle = (reached + unreached) / 2
            if try await run("\(middle):kill") == 137 { reached = middle } else { unreached = middle }
        }
        return reached
    }
}

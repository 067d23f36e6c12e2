import Foundation
import Support
import Testing

/// Calls to libpq that go wrong in a test build; `ETL_FAULT=7:cut` cuts the connection at the seventh.
enum Faults {
    /// The kinds that are tried: all, or those that a variable names.
    static let kinds: [String] = {
        let all = ["fail", "hang", "cut", "cut-after", "kill", "kill-after"]
        let names = (ProcessInfo.processInfo.environment["ETL_NTH_KINDS"] ?? "").split(separator: ",").map(String.init)
        return names.isEmpty ? all : all.filter(names.contains)
    }()

    /// Whether a phase of runs, a command, or the undoing of a pipeline is tried: all are, or those that a variable names.
    static func isWanted(in phase: String) -> Bool { phases.isEmpty || phases.contains(phase) }

    private static let phases = (ProcessInfo.processInfo.environment["ETL_NTH_PHASES"] ?? "")
        .split(separator: ",").map(String.init)

    /// What a variable asks for: a number of calls, `all` moments, or `each` call.
    private static let wish = ProcessInfo.processInfo.environment["ETL_NTH"] ?? ""

    /// Whether a fault is wanted wherever it may make a difference, or even where it should make none.
    static var isEveryWanted: Bool { ["all", "each"].contains(wish) }

    /// At how many calls each fault is wanted; nil where nobody has asked.
    static var wanted: Int? { Int(wish) }

    /// Tries one kind of fault after the other, and prints how that ended.
    static func tryAll(
        in phase: String, calls: Int, _ tried: (_ fault: String) async throws -> FaultCount
    ) async throws {
        var sum = FaultCount()
        let began = ContinuousClock.now
        for fault in kinds {
            let count = try await tried(fault)
            if isEveryWanted { print("faults (\(phase)), each \(fault): \(count)") }
            sum = sum + count
        }
        let seconds = Int((ContinuousClock.now - began) / .seconds(1))
        print("faults (\(phase)): seed \(EndToEnd.seed), about \(calls) calls, \(sum), \(seconds) s")
    }

    /// How many cases are tried at a time: a run waits more than it computes.
    private static let atOnce = EndToEnd.number("ETL_NTH_JOBS", else: 4)

    /// Tries a fault at some calls of a phase chosen at random, usually at one in half of the phases; or wherever it may make
    /// a difference, until runs do not come to it any more.
    static func tried(
        _ fault: String, in phase: String, calls: Int, usually: ClosedRange<Int> = 0...1,
        _ end: @escaping @Sendable (_ place: String) async throws -> FaultEnd
    ) async throws -> FaultCount {
        if isEveryWanted { return try await tried(everywhere: fault, end) }
        let salt = (fault + phase).utf8.reduce(0) { $0 &* 31 &+ UInt64($1) }
        var numbers = SeededNumbers(seed: EndToEnd.seed &+ salt)
        let count = wanted ?? Int.random(in: usually, using: &numbers)
        return try await tried(fault, atCalls: (1...calls).shuffled(using: &numbers).prefix(count), end)
    }

    /// Tries a fault at these calls, some at a time, and counts how that ended.
    static func tried(
        _ fault: String, atCalls calls: some Sequence<Int>,
        _ end: @escaping @Sendable (_ place: String) async throws -> FaultEnd
    ) async throws -> FaultCount {
        let places = calls.map { "\($0):\(fault)" }
        return try await tried({ $0 < places.count ? places[$0] : nil }, end)
    }

    /// Tries a fault at all its moments, or at each call, until three were not come to: how many there are differs a little
    /// from run to run.
    static func tried(
        everywhere fault: String, _ end: @escaping @Sendable (_ place: String) async throws -> FaultEnd
    ) async throws -> FaultCount {
        let kind = wish == "each" ? "" : "m"
        return try await tried({ "\(kind)\($0 + 1):\(fault)" }, untilUnreached: 3, end)
    }

    private static func tried(
        _ place: (Int) -> String?, untilUnreached enough: Int = .max,
        _ end: @escaping @Sendable (_ place: String) async throws -> FaultEnd
    ) async throws -> FaultCount {
        try await withThrowingTaskGroup(of: FaultEnd.self) { group in
            var count = FaultCount()
            for number in 0..<atOnce {
                if let place = place(number) { group.addTask { try await end(place) } }
            }
            var next = atOnce
            while let ended = try await group.next() {
                count.add(ended)
                guard count.unreached < enough, let place = place(next) else { continue }
                next += 1
                group.addTask { try await end(place) }
            }
            return count
        }
    }
}

/// How many calls to libpq a program made, and how many moments there were for each fault, as `ETL_CALLS` has it.
struct CallCounts: CustomStringConvertible {
    let calls: Int
    private let moments: [String: Int]

    var description: String {
        "\(calls) calls; moments: " + moments.sorted { $0.key < $1.key }.map { "\($1) \($0)" }.joined(separator: ", ")
    }

    /// What is in the file; nothing where the program did not come to its end.
    init(in scratch: Scratch) {
        let lines = ((try? scratch.text("calls")) ?? "").split(separator: "\n").map { $0.split(separator: " ") }
        calls = lines.first.flatMap { Int($0[0]) } ?? 0
        moments = Dictionary(
            lines.dropFirst().map { (String($0[0]), $0.count > 1 ? Int($0[1]) ?? 0 : 0) }, uniquingKeysWith: { $1 })
    }

    /// The variable that has it written.
    static func variable(_ scratch: Scratch) -> [String: String] { ["ETL_CALLS": "\(scratch.path)/calls"] }

    /// Whether there was such a place: `7:cut`, `m7:cut`.
    func reach(_ place: String) -> Bool {
        let parts = place.split(separator: ":")
        if let call = Int(parts[0]) { return call <= calls }
        return Int(parts[0].dropFirst()) ?? 0 <= moments[String(parts[1])] ?? 0
    }
}

extension MemoirDatabase {
    /// Gives a command with a fault, and says whether it came to that call.
    func disturbed(
        _ command: [String], by fault: String, _ place: String
    ) async throws -> (result: ProgramResult, isReached: Bool) {
        let scratch = try Scratch()
        let program = try start(
            command, variables: CallCounts.variable(scratch).merging(["ETL_FAULT": fault]) { $1 })
        // One that waits for ever would hold up all others.
        let isOver = await eventually(within: .seconds(300)) { !program.isRunning }
        #expect(isOver, "\(place): is still running: \(program.errorsSoFar)")
        if !isOver { program.kill(9) }
        let result = try await program.end()
        return (result, result.status == 137 || CallCounts(in: scratch).reach(fault))
    }
}

/// How a command ended in which a call should go wrong.
struct FaultEnd {
    let words: String
    /// Whether the command came to that call.
    let isReached: Bool
}

extension FaultEnd {
    /// In words, by the code that it ended with.
    init(_ status: Int32, isReached: Bool) {
        let words = status == 137 ? "killed" : status == 6 ? "gave up in order" : "survived"
        self.init(words: words, isReached: isReached)
    }
}

/// How commands ended in which a call went wrong.
struct FaultCount: CustomStringConvertible {
    private var ends: [String: Int] = [:]
    /// How many did not come to it; they are not counted among the others.
    private(set) var unreached = 0

    mutating func add(_ end: FaultEnd) {
        if end.isReached { ends[end.words, default: 0] += 1 } else { unreached += 1 }
    }

    static func + (one: FaultCount, other: FaultCount) -> FaultCount {
        var sum = one
        for (end, count) in other.ends { sum.ends[end, default: 0] += count }
        sum.unreached += other.unreached
        return sum
    }

    var description: String {
        let list = ends.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
        return "\(ends.values.reduce(0, +)) cases: \(list)"
    }
}

import Support
import Testing

/// A command that is given when runs are over, and how it goes when nobody interferes.
struct CommandCourse: Sendable {
    /// What variables and messages call it.
    let name: String
    /// How many calls to libpq it makes, more or less.
    let calls: Int
    /// What it leaves.
    let after: MemoirDatabase

    private let before: MemoirDatabase
    private let words: [String]
    private let trace: CommandTrace
    private let status: Int32
    /// What any moment may show, and what the end must.
    private let pieces: Set<Substring>
    private let end: Set<Substring>

    /// Gives the command once, without any fault.
    init(
        _ name: String, _ words: [String], leaving trace: CommandTrace, on before: MemoirDatabase,
        endsWith status: Int32 = 0
    ) async throws {
        (self.name, self.words, self.trace, self.before, self.status) = (name, words, trace, before, status)
        after = try await before.copyWithRuns()
        let scratch = try Scratch()
        let command = trace.command(words, on: after)
        let result = try await after.start(command, variables: CallCounts.variable(scratch)).end()
        calls = CallCounts(in: scratch).calls
        guard result.status == status, calls > 0 else { throw UnexpectedEnd(result) }
        pieces = try await trace.pieces(of: before).union(trace.pieces(of: after))
        end = try await trace.end(of: after)
        let verdict = try await trace.verdict(on: after)
        guard verdict.hasSuffix(asContracted) else { throw UnexpectedVerdict(verdict) }
    }

    /// Tries a fault at some of its calls, or wherever it may make a difference.
    func tried(_ fault: String, usually: ClosedRange<Int> = 0...1) async throws -> FaultCount {
        try await Faults.tried(fault, in: name, calls: calls, usually: usually) { try await end(of: $0) }
    }

    /// One case: the command with the fault, judged as it lies there, and brought to its end by another where it has not come
    /// there by itself.
    private func end(of fault: String) async throws -> FaultEnd {
        let place = "\(fault) of \(name), seed \(EndToEnd.seed)"
        let database = try await before.copyWithRuns()
        let command = trace.command(words, on: database)
        let (faulty, isReached) = try await database.disturbed(command, by: fault, place)
        let allowed = fault.contains(":kill") ? [137, status] : [status, 6]
        #expect(allowed.contains(faulty.status), "\(place): \(faulty.status) \(faulty.stderr)")
        let halfway = try await trace.pieces(of: database).subtracting(pieces)
        #expect(halfway.isEmpty, "\(place): neither as it was nor as it shall be: \(halfway.sorted())")
        if faulty.status != status {
            let again = try await database.start(command).end()
            #expect(again.status == status, "\(place), then: \(again.status) \(again.stderr)")
        }
        let end = try await trace.end(of: database)
        #expect(end == self.end, "\(place), at the end: \(end.symmetricDifference(self.end).sorted())")
        let verdict = try await trace.verdict(on: database)
        #expect(verdict.hasSuffix(asContracted), "\(place), at the end: \(verdict)")
        #expect(try await database.isLeftAlone(), "\(place)")
        return FaultEnd(faulty.status, isReached: isReached)
    }
}

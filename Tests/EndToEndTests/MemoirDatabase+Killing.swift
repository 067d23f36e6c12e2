import Support
import Testing

extension MemoirDatabase {
    /// Starts a command and kills it with -9 at a random moment, again and again, until it comes to its end or was killed that
    /// often; says how many kills are left.
    func kill(
        _ command: [String], upTo times: Int, within seconds: Double, unlessItEndsWith status: Int32,
        using numbers: inout SeededNumbers
    ) async throws -> Int {
        for left in stride(from: times, to: 0, by: -1) {
            let run = try start(command)
            try await Task.sleep(for: .seconds(Double.random(in: 0...seconds, using: &numbers)))
            run.kill(9)
            let result = try await run.end()
            if result.status == status { return left }
            #expect(result.status == 137, "seed \(EndToEnd.seed): \(result.stderr)")
        }
        return 0
    }
}

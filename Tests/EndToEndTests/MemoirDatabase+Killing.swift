import Support
import Testing

extension MemoirDatabase {
    /// Starts a command and kills it with -9 at a random moment, again and again, until it comes to its end or was killed that
    /// often; says how many kills are left.
    func kill(
        _ command: [String], upTo times: Int, at moments: inout KillMoments, unlessItEndsWith status: Int32
    ) async throws -> Int {
        for left in stride(from: times, to: 0, by: -1) {
            let run = try start(command)
            try await moments.wait()
            run.kill(9)
            let result = try await run.end()
            if result.status == status {
                moments.note(endAfter: times - left)
                return left
            }
            #expect(result.status == 137, "seed \(EndToEnd.seed): \(result.stderr)")
        }
        return 0
    }
}

import Foundation
import Testing

/// The built program on a real PostgreSQL, judged by code that shares nothing with it.
///
/// Long ones take more when these variables ask for it:
/// - `ETL_E2E_ROWS`: chapters in each of the combinations of types; else 500
/// - `ETL_E2E_WORKFLOW_ROWS`: the same where they go through all three pipelines and both drops; else 250
/// - `ETL_E2E_KILLS`: kills with -9 in each of the tests of them; else 95, and 5 of either way of the whole workflow
/// - `ETL_E2E_KILL_ROWS`: chapters in the runs that are killed; else 300
/// - `ETL_NTH`: at how many calls to libpq of each phase each fault is tried, or `all` that matter, or `each` there is; else 1
///   in half of them
/// - `ETL_NTH_KINDS`: the faults that are tried, with commas between them; else all
/// - `ETL_NTH_JOBS`: how many of these cases are tried at a time; else 4
/// - `ETL_NTH_PHASES`: the phases of runs in which faults are tried, the commands after them, or the pipelines whose undoing is
///   disturbed, with commas between them; else all
/// - `ETL_E2E_ROLES`: the names of two roles that are no superusers, which then work with what `etl grants` gives them
/// - `ETL_E2E_SEED`: the seed of whatever is chosen at random; else by the clock, and printed
///
/// 2000 kills of each kind of run: `ETL_E2E_KILLS=2000 swift test --filter 'EndToEndTests.*KillTests'`
enum EndToEnd {
    /// What a variable asks for, else the usual.
    static func number(_ variable: String, else usual: Int) -> Int {
        ProcessInfo.processInfo.environment[variable].flatMap { Int($0) } ?? usual
    }

    /// The seed of this process.
    static let seed = UInt64(number("ETL_E2E_SEED", else: Int(Date().timeIntervalSince1970)))
}

/// Tests that keep the processors busy. They run one after the other, beside those of the two others.
@Suite(.serialized) struct Endurance {}

/// Tests that look at one habit of the program at a time, some with an eye on the clock.
@Suite(.serialized) struct Behaviour {}

/// Tests of programs that share a run, watch one, or are stopped: they wait for each other, with an eye on the clock.
@Suite(.serialized) struct Company {}

/// Numbers that are the same for the same seed: SplitMix64.
struct SeededNumbers: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

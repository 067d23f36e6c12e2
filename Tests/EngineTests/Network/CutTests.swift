import Foundation
import Postgres
import Support
import Testing

@testable import Engine

/// A connection that is cut once so many of a run's bytes have passed.
///
/// `ETL_E2E_CUTS` says how many are tried (else 20), `ETL_E2E_SEED` which (else those of the clock, which are printed).
struct Cut: Sendable, CustomTestStringConvertible {
    let side: Proxy.Side
    /// The share of the bytes that come from this side in a whole run.
    let share: Double
    let seed: UInt64

    var testDescription: String { "from \(side) at \(share) of all, seed \(seed)" }

    static let sample: [Cut] = {
        let environment = ProcessInfo.processInfo.environment
        let seed = environment["ETL_E2E_SEED"].flatMap { UInt64($0) } ?? UInt64(Date().timeIntervalSince1970)
        let count = environment["ETL_E2E_CUTS"].flatMap { Int($0) } ?? 20
        print("cuts: seed \(seed), \(count) of them")
        var state = seed
        return (0..<count).map { number in
            // The next number of SplitMix64, of which the first 53 bits make a fraction.
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            let share = Double((mixed ^ (mixed >> 31)) >> 11) / Double(1 << 53)
            return Cut(side: Proxy.Side.allCases[number % 2], share: share, seed: seed)
        }
    }()
}

@Suite("A connection that is cut")
struct CutTests {
    private static let rows = 12

    /// What a run that nobody disturbs ends in, and how much it says and hears.
    private struct Course {
        let content: String
        let bytes: [Proxy.Side: Int]
    }

    private static let course = Task {
        let (memoir, proxy) = try await Self.memoir()
        let content = try await memoir.migrated()
        return Course(
            content: content,
            bytes: [.client: proxy.bytes(from: .client), .server: proxy.bytes(from: .server)])
    }

    private static func memoir() async throws -> (Memoir, Proxy) {
        var memoir = try await Memoir(rows, limits: BatchLimits(rows: 4, workers: 2))
        let proxy = try Proxy(to: memoir.database.server)
        memoir.proxy = proxy
        return (memoir, proxy)
    }

    @Test("at any byte changes nothing about how a run ends", arguments: Cut.sample)
    func anywhere(cut: Cut) async throws {
        let course = try await Self.course.value
        let (memoir, proxy) = try await Self.memoir()
        let bytes = Int(cut.share * Double(course.bytes[cut.side] ?? 0))
        proxy.arm(.cut(afterBytes: bytes, from: cut.side))
        do {
            #expect(try await memoir.run().outcomes == [12, 12, 0, 0, 0])
        } catch let failure as Failure {
            // The first session is not waited for: an address that never answered may be a wrong one.
            #expect(failure.kind == .unreachable && failure.what.hasPrefix("opening a session: "), "\(failure)")
        }
        #expect(proxy.isSpent || cut.share > 0.9)
        var direct = memoir
        direct.proxy = nil
        #expect(try await direct.run().outcomes == [12, 12, 0, 0, 0])
        #expect(try await memoir.content() == course.content)
        let books = try await memoir.psql(
            """
            select count(*) filter (where state <> 'done'), max(attempt) <= 2,
                   sum(target_rows) = (select count(*) from chapter_sections) from etl.chunks where stage = 'sections';
            select count(*) from etl.rejects
            """)
        #expect(books == "0|t|t\n0")
        // One that was cut off while it signed off has not done so, but it is not there any more.
        let living = """
            select count(*) from etl.workers w join pg_stat_activity a on a.pid = w.backend_pid
             where w.finished_at is null and a.application_name like 'etl:%' and a.datname = current_database()
            """
        #expect(try await eventually { try memoir.database.psql(living) == "0" })
    }
}

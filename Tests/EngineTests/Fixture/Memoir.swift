import Engine
import Foundation
import Ledger
import Pipelines
import Postgres
import Support

/// Chapters in a database of their own, and the runs over them.
///
/// What blocks does so on a thread of its own, because tests share as many threads as there are processors.
struct Memoir: Sendable {
    let database: TestDatabase
    /// The name of another database to run in; nil for that one.
    var otherDatabase: String?
    /// The role to run as; nil for the server's superuser.
    var user: String?
    /// What stands between runs and the server; nil for nothing.
    var proxy: Proxy?
    /// More of libpq's keywords for runs.
    var keywords: [(name: String, value: String)] = []
    /// Where `pipelines/` and `sql/` are.
    var project = packageDirectory
    var pipeline = "chapter-sections"
    var schema: Identifier = Identifier("public")
    var ledger: Identifier = Identifier("etl")
    var limits: BatchLimits
    var maximumLockedRows: Int64 = 5000
    var maximumRejects: Int64?
    var throttle = ThrottleLimits()
    var deadlines = Deadlines(connect: 10, statement: 30, lock: 0.2, idle: 60, outage: 20)

    /// Makes the table of chapters, with `rows` good ones in it.
    init(
        _ rows: Int = 0, key: KeyType = .uuid, documents: String = "jsonb", encoding: String? = nil,
        limits: BatchLimits = BatchLimits(rows: 10, workers: 2), on server: TestServer? = nil
    ) async throws {
        self.limits = limits
        database = try await blocking { try (server ?? TestServer.shared).database(encoding: encoding) }
        try await psql(
            """
            create table chapters (id \(key.name) primary key, content \(documents), images jsonb);
            \(Self.chapters(1...max(1, rows), key: key, documents: documents, where: rows > 0))
            """)
    }

    /// The types that keys have in the wild.
    enum KeyType: CaseIterable {
        case uuid, text, varchar, bigint

        var name: String { self == .varchar ? "varchar(40)" : "\(self)" }

        /// The key of the chapter with a number.
        func expression(_ number: String) -> String {
            self == .bigint ? "(\(number))::bigint" : "md5((\(number))::text)::uuid::\(name)"
        }
    }

    /// SQL that adds chapters of two sections each; every third one has a picture and thereby a cover.
    static func chapters(
        _ numbers: ClosedRange<Int>, key: KeyType = .uuid, documents: String = "jsonb", where condition: Bool = true
    ) -> String {
        """
        insert into chapters (id, content, images)
        select \(key.expression("i")), format('["first of %s", "second"]', i)::\(documents),
               case when i % 3 = 0 then format('["%s.jpg"]', i)::jsonb end
          from generate_series(\(numbers.lowerBound), \(numbers.upperBound)) i where \(condition);
        """
    }

    /// What an application may do to thirty chapters, in SQL: six new ones, eight changed, two gone.
    static func changes(key: KeyType) -> String {
        func id(_ number: Int) -> String { key.expression("\(number)") }
        return """
            update chapters set content = '["one", "two", "three"]' where id = \(id(1)); -- grows
            update chapters set content = '["alone"]' where id = \(id(3)); -- shrinks, and keeps its picture
            update chapters set images = '["other.jpg"]' where id = \(id(6)); -- another picture and cover
            update chapters set images = null where id = \(id(9)); -- none any more
            update chapters set images = '["new.jpg"]' where id = \(id(10)); -- one that had none
            update chapters set content = '[]' where id = \(id(11)); -- nothing any more
            update chapters set content = '[7]' where id = \(id(12)); -- cannot be migrated any more
            delete from chapters where id in (\(id(13)), \(id(15)));
            update chapters set content = content where id = \(id(18)); -- written to, and as before
            \(Memoir.chapters(31...36, key: key))
            """
    }

    /// The key of the chapter with a number, in SQL, where keys are UUIDs.
    static func key(_ number: Int) -> String { KeyType.uuid.expression("\(number)") }

    /// Runs SQL in the real psql and returns what it prints.
    @discardableResult
    func psql(_ sql: String) async throws -> String {
        try await blocking { [database] in try database.psql(sql) }
    }

    /// Where and for whom a run works.
    func site(_ reporter: any Reporter, _ interruption: Interruption = Interruption()) -> Site {
        Site(
            target: target, deadlines: deadlines, interruption: interruption, ledger: Ledger(schema: ledger),
            actor: Actor(host: "workbench", osUser: "tester", pid: 4711, program: "tests"), reporter: reporter)
    }

    /// The database, as libpq's keywords.
    var target: ConnectionTarget {
        let parts = URLComponents(string: database.url)
        let items = (parts?.queryItems ?? []).map { (name: $0.name, value: $0.value ?? "") }
        let name = [(name: "dbname", value: otherDatabase ?? database.name)]
        // Where libpq is given a keyword twice, the last one counts.
        let direct = ConnectionTarget(
            keywords: name + items + (user.map { [(name: "user", value: $0)] } ?? []) + keywords)
        return proxy.map { $0.target(for: direct) } ?? direct
    }

    /// The pipeline as its file says it.
    func loaded() throws(PipelineError) -> Pipeline {
        try PipelineShelf.shared.pipeline(pipeline, of: project)
    }

    /// The pipelines that build on it.
    var dependents: [Pipeline] { PipelineShelf.shared.dependents(of: pipeline, in: project) }

    /// Runs the pipeline as far as asked.
    @discardableResult
    func run(
        until: String? = nil, joins: Bool = false, existing: ExistingRows = .stop,
        reporter: any Reporter = Recorder(), interruption: Interruption = Interruption()
    ) async throws -> RunResult {
        try await blocking {
            var request = RunRequest(
                pipeline: try loaded(), schema: schema,
                goal: Goal(until: until), limits: limits, joins: joins, existing: existing, dependents: dependents)
            request.maximumRejects = maximumRejects
            request.throttle = throttle
            return try Runner(site: site(reporter, interruption), request: request).run()
        }
    }

    /// Brings over what changed since, later pipelines included; says how much that was, by stage.
    @discardableResult
    func catchUp(
        _ interruption: Interruption = Interruption(), existing: ExistingRows = .stop
    ) async throws -> [String: SourceChanges] {
        try await blocking {
            var request = RunRequest(
                pipeline: try loaded(), schema: schema, limits: limits, existing: existing, dependents: dependents)
            request.maximumRejects = maximumRejects
            let result = try CatchingUp(site: site(Recorder(), interruption), request: request).perform()
            return Dictionary(uniqueKeysWithValues: result.stages.map { ($0.stage, $0.changes) })
        }
    }

    /// Tries the rejects again.
    func retry() async throws -> RetryResult {
        try await blocking {
            try Retry(
                site: site(Recorder()), pipeline: try loaded(),
                schema: schema, limits: limits
            ).perform()
        }
    }

    /// Does what must fail, and gives the failure.
    func failure(of work: () async throws -> some Sendable) async throws -> Failure {
        do {
            let value = try await work()
            throw NoFailure(value: "\(value)")
        } catch let failure as Failure {
            return failure
        }
    }

    /// What was done though it had to fail.
    struct NoFailure: Error {
        let value: String
    }
}

extension RunResult {
    /// The sums of the stage that moves rows.
    var rows: StageSummary.Rows? { summary.stages.compactMap(\.rows).first }

    /// The outcomes of the source's rows, for comparing in one line.
    var outcomes: [Int64] {
        rows.map { [$0.read, $0.migrated, $0.empty, $0.rejected, $0.gone] } ?? []
    }
}

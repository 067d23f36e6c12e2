import Support
import Testing

@testable import Engine

@Suite("The chunk that all new rows come into, where keys grow")
struct GrownChunkTests {
    private let chunks = """
        select coalesce(lower[1], '-'), coalesce(upper[1], '-'), length(fates), state from etl.chunks
         where stage = 'sections' order by lower[1]::bigint nulls first
        """

    private func grown(from rows: Int, to more: Int, until stage: String? = nil) async throws -> Memoir {
        let memoir = try await Memoir(rows, key: .bigint, limits: BatchLimits(rows: 10, workers: 1))
        try await memoir.run(until: stage)
        try await memoir.psql(Memoir.chapters((rows + 1)...more, key: .bigint))
        return memoir
    }

    @Test("is divided above the last row that it knows, into chunks as large as others")
    func divided() async throws {
        let memoir = try await grown(from: 20, to: 95)
        #expect(try await memoir.catchUp()["sections"] == SourceChanges(new: 75))
        #expect(
            try await memoir.psql(chunks) == """
                -|10|10|done
                10|20|10|done
                20|30|10|done
                30|40|10|done
                40|50|10|done
                50|60|10|done
                60|70|10|done
                70|80|10|done
                80|90|10|done
                90|-|5|done
                """)
        #expect(try await memoir.catchUp().values.allSatisfy(\.isEmpty))
        let uninterrupted = try await Memoir(95, key: .bigint)
        try await uninterrupted.run()
        let sections =
            "select id, chapter_id, order_index, title, content, attributes from chapter_sections order by id"
        #expect(try await memoir.psql(sections) == uninterrupted.psql(sections))
        #expect(try await memoir.verify().hasPassed)
        try await memoir.undo()
        #expect(try await memoir.psql("select to_regclass('chapter_sections') is null") == "t")
    }

    @Test("is divided from its beginning where it knows no row")
    func empty() async throws {
        let memoir = try await Memoir(0, key: .bigint, limits: BatchLimits(rows: 10, workers: 1))
        try await memoir.run()
        try await memoir.psql(Memoir.chapters(1...25, key: .bigint))
        #expect(try await memoir.catchUp()["sections"] == SourceChanges(new: 25))
        #expect(try await memoir.psql(chunks) == "-|10|10|done\n10|20|10|done\n20|-|5|done")
        #expect(try await memoir.verify().hasPassed)
    }

    @Test("stays as it is until it is twice as large as others, and where what is new lies below what it knows")
    func small() async throws {
        let memoir = try await grown(from: 15, to: 19)
        try await memoir.catchUp()
        #expect(try await memoir.psql(chunks) == "-|10|10|done\n10|-|9|done")
        try await memoir.psql(
            "\(Memoir.chapters(40...40, key: .bigint)) \(Memoir.chapters(20...35, key: .bigint))")
        try await memoir.catchUp()
        #expect(try await memoir.psql(chunks) == "-|10|10|done\n10|19|9|done\n19|29|10|done\n29|-|7|done")
        try await memoir.psql("delete from chapters where id = 30; \(Memoir.chapters(36...39, key: .bigint))")
        try await memoir.catchUp()
        #expect(try await memoir.psql(chunks) == "-|10|10|done\n10|19|9|done\n19|29|10|done\n29|-|10|done")
    }

    @Test(
        "is divided only after what those rows gave is removed that are not there any more, for nobody knows their keys"
    )
    func vanished() async throws {
        let memoir = try await grown(from: 20, to: 700, until: "sections")
        try await memoir.psql("delete from chapters where id = 20")
        #expect(try await memoir.catchUp()["sections"] == SourceChanges(new: 680, vanished: 1))
        #expect(try await memoir.psql("select count(*) from chapter_sections where chapter_id = 20") == "0")
        #expect(
            try await memoir.psql(
                "select count(*), (select 2 * count(*) + count(images) from chapters) from chapter_sections")
                == "1631|1631")
        // The first part of the work found out that it is gone.
        #expect(try await memoir.psql("\(chunks) offset 1 limit 2") == "10|270|259|done\n270|280|10|done")
        #expect(try await memoir.psql("select max(length(fates)) from etl.chunks where lower[1]::int >= 270") == "10")
        try await memoir.run()
        #expect(try await memoir.verify().hasPassed)
    }

    @Test("is verified together with what was divided off it since the verification began")
    func verified() async throws {
        let memoir = try await Memoir(40, key: .bigint, limits: BatchLimits(rows: 10, workers: 1))
        try await memoir.run(until: "constraints")
        try await memoir.stop(afterRows: 15)
        let left = "select count(*) from etl.chunks where stage = 'verify' and state = 'todo' and upper is null"
        #expect(try await memoir.psql(left) == "1")
        try await memoir.psql(
            "\(Memoir.chapters(41...75, key: .bigint)) update chapters set content = '[7]' where id = 63")
        try await memoir.catchUp()
        #expect(
            try await memoir.psql("select upper[1] from etl.chunks where stage = 'sections' and lower[1] = '30'")
                == "40")
        try await memoir.run()
        #expect(
            try await memoir.psql(
                "select sum(migrated), sum(rejected), sum(stale), sum(wrong), sum(extra) from etl.chunks where stage = 'verify'"
            )
                == "74|1|0|0|0")
    }
}

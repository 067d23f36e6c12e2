import Foundation
import Support
import Testing

@testable import Engine

@Suite("Documents")
struct DocumentTests {
    /// What one chapter became, as the database tells it.
    private struct Found: Decodable {
        let number: Int
        let isImpossible: Bool
        let codes: [String]
        /// In hexadecimal: not every decoder of JSON keeps what is no character.
        let rows: [String]

        var outcome: DocumentCase.Outcome? {
            switch (isImpossible, codes.count, rows.isEmpty) {
            case (true, 0, true): .impossible
            case (false, 0, _): .rows(rows.map(Self.text))
            case (false, 1, true): .rejected(codes[0])
            default: nil
            }
        }

        private static func text(_ hex: String) -> String {
            let digits = hex.utf8.compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
            let bytes = stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
            return String(decoding: bytes, as: UTF8.self)
        }
    }

    @Test(
        "each becomes what it must, in each type of column that can hold it",
        arguments: DocumentCase.ColumnType.allCases)
    func outcomes(type: DocumentCase.ColumnType) async throws {
        let memoir = try await Memoir(documents: type.rawValue, limits: BatchLimits(rows: 40, workers: 2))
        try await memoir.psql(Self.filling(type))
        let result = try await memoir.run()

        let found = try await Self.found(memoir)
        #expect(found.map(\.number) == Array(DocumentCase.all.indices))
        for (sample, found) in zip(DocumentCase.all, found) {
            #expect(found.outcome == sample.outcome(in: type), "\(sample.name)")
        }
        let expected = DocumentCase.all.map { $0.outcome(in: type) }
        let possible = Int64(expected.count { $0 != .impossible })
        let rejected = Int64(expected.count { if case .rejected = $0 { true } else { false } })
        let empty = Int64(expected.count { $0 == .empty })
        #expect(result.outcomes == [possible, possible - empty - rejected, empty, rejected, 0])
        let unmapped = type == .jsonb ? ["version"] : ["a\\u0000b", "n", "version"]
        #expect(result.summary.unmapped.map(\.name).sorted() == unmapped)
        #expect(try await memoir.verify().hasPassed)
    }

    /// SQL that makes a chapter of each case that the type can hold, and notes the others.
    private static func filling(_ type: DocumentCase.ColumnType) -> String {
        func literal(_ text: String?) -> String { text.map { "'\($0.replacing("'", with: "''"))'" } ?? "null" }
        let calls = DocumentCase.all.enumerated().map { number, sample in
            "select put(\(number), \(literal(sample.content)), \(literal(sample.images)));"
        }
        return """
            alter table chapters alter images type \(type) using images::\(type);
            create table cases (number int, id uuid, impossible boolean);
            create function put(number int, body text, pictures text) returns void language plpgsql as $$
                declare key uuid := md5(number::text)::uuid;
                begin
                    insert into chapters (id, content, images) values (key, body::\(type), pictures::\(type));
                    insert into cases values (number, key, false);
                exception when data_exception or program_limit_exceeded then
                    insert into cases values (number, key, true);
                end $$;
            \(calls.joined(separator: "\n"))
            """
    }

    private static func found(_ memoir: Memoir) async throws -> [Found] {
        let lines = try await memoir.psql(
            """
            select json_build_object(
                       'number', number, 'isImpossible', impossible,
                       'codes', array(select code from etl.rejects where key = to_jsonb(cases.id) and state = 'open'),
                       'rows', array(select encode(convert_to(coalesce(title || ': ', '') || content || coalesce(' ' || image::text, ''),
                                                             'UTF8'), 'hex')
                                       from chapter_sections where chapter_id = cases.id order by order_index))
              from cases order by number
            """)
        return try lines.split(separator: "\n").map { try JSONDecoder().decode(Found.self, from: Data($0.utf8)) }
    }
}

import Postgres
import Support

@testable import JSON

/// What is said about a text that may be JSON.
enum Verdict: Equatable, Sendable {
    /// It is, and this is how `jsonb` prints it.
    case taken([UInt8])
    /// It is no JSON.
    case malformed
    /// It is JSON that holds a NUL, half a surrogate pair or invalid UTF-8.
    case unstorable
    /// It is JSON with a number that `numeric` refuses.
    case refusedNumber
    /// The server ran out of stack while reading it.
    case tooDeep

    /// The verdict of the strict check.
    static func ofCheck(_ text: [UInt8]) -> Verdict {
        var document = Document()
        return text.withUnsafeBytes { bytes in
            do {
                try document.parse(bytes)
            } catch {
                return .malformed
            }
            if !document.isStorable(document.root) { return .unstorable }
            if !document.hasOnlyNumericNumbers(document.root) { return .refusedNumber }
            return .taken(JSONBText.of(document))
        }
    }

    /// Whether the server may say this of a text where the check says something else. It stops at the first fault, which need not
    /// be the one that the check names, and its error for half a surrogate pair is that for bad syntax. Servers from 16 on
    /// take a zero with an exponent that they refuse in any other number.
    func agrees(withServer server: Verdict, on text: [UInt8]) -> Bool {
        switch (self, server) {
        case (.taken(let ours), .taken(let theirs)): ours == theirs
        case (.refusedNumber, .taken) where TestServer.major >= 16: Self.holdsVastZero(text)
        case (.taken, _), (_, .taken), (.tooDeep, _), (.refusedNumber, .unstorable): false
        default: true
        }
    }

    private static func holdsVastZero(_ text: [UInt8]) -> Bool {
        String(decoding: text, as: UTF8.self).contains(#/(?:^|[^0-9.])0(?:\.0+)?[eE][+-]?[0-9]{10,}/#)
    }
}

/// A session that says what `jsonb` makes of texts, thousands at a time.
struct VerdictServer {
    /// Dropped with the last reference.
    private let database: TestDatabase
    private let connection: Connection

    /// Makes the function that does it, in a database of one's own.
    init(_ database: TestDatabase) throws {
        self.database = database
        connection = try database.connect(deadlines: Deadlines(statement: 0))
        try connection.value(
            """
            create function verdict(document bytea, out state text, out printed text) language plpgsql as
                $$ begin
                    printed := convert_from(document, 'UTF8')::jsonb::text;
                exception when others then state := sqlstate; end $$
            """)
    }

    /// The server's verdicts, in order.
    func verdicts(on texts: [[UInt8]]) throws -> [Verdict] {
        var start: Int64 = 1
        var places: [Int64] = []
        for text in texts {
            places.append(start)
            start += Int64(text.count)
        }
        let whole = Parameter.bytes(Array(texts.joined()))
        let lengths = texts.map { Int64($0.count) }
        return try connection.transaction { transaction in
            try transaction.run(
                """
                select state, printed
                  from (select \(whole) as whole offset 0) w,
                       unnest(\(.intArray(places)), \(.intArray(lengths))) with ordinality as part (place, length, n),
                       verdict(substring(whole from place::int for length::int))
                 order by n
                """
            ).rows.map { row in
                switch row.text(0) {
                case nil: .taken(row.bytes(1) ?? [])
                case "22P05", "22021": .unstorable
                case "22003": .refusedNumber
                case "54001": .tooDeep
                default: .malformed
                }
            }
        }
    }
}

/// The name of a database object, kept as it is stored in the catalogue and quoted wherever it is used.
public struct Identifier: Hashable, Sendable, CustomStringConvertible {
    /// The name itself, without quotes.
    public let name: String

    /// PostgreSQL cuts longer names silently, which would make two names one.
    public static let maximumBytes = 63

    /// Names are compared byte by byte, as PostgreSQL does: an accented letter in one piece is not the one in two.
    public static func == (one: Identifier, other: Identifier) -> Bool {
        one.name.utf8.elementsEqual(other.name.utf8)
    }

    /// Feeds the bytes of the name.
    public func hash(into hasher: inout Hasher) {
        for byte in name.utf8 { hasher.combine(byte) }
    }

    /// Takes a name as the catalogue holds it; nil when no database object can have it.
    public init?(_ name: String) {
        let bytes = name.utf8
        guard !bytes.isEmpty, bytes.count <= Self.maximumBytes, !bytes.contains(0) else { return nil }
        self.name = name
    }

    /// A name known when this program was written.
    public init(_ name: StaticString) {
        self.name = name.description
    }

    /// The name as it stands in SQL: always in double quotes, inner quotes doubled.
    public var quoted: String {
        // By scalars: as a Character, a quote with a combining mark after it is no quote.
        var quoted = "\"".unicodeScalars
        for scalar in name.unicodeScalars {
            if scalar == "\"" { quoted.append(scalar) }
            quoted.append(scalar)
        }
        quoted.append("\"")
        return String(quoted)
    }

    /// The name without quotes, for people.
    public var description: String { name }
}

/// A table, or another relation, by schema and name.
public struct QualifiedName: Hashable, Sendable, CustomStringConvertible {
    /// The schema it lives in.
    public let schema: Identifier
    /// Its name within the schema.
    public let name: Identifier

    /// Names a relation; nothing is looked up.
    public init(schema: Identifier, name: Identifier) {
        self.schema = schema
        self.name = name
    }

    /// Both parts as they stand in SQL.
    public var quoted: String { schema.quoted + "." + name.quoted }

    /// Both parts without quotes, for people.
    public var description: String { "\(schema.name).\(name.name)" }
}

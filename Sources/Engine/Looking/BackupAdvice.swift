import Postgres

/// The command that backs up what a run works on, and what it would read.
public struct BackupAdvice: Sendable, Equatable {
    /// The command, to be typed where libpq finds the server.
    public let command: String
    /// About how many bytes it reads; the file is smaller, because it is compressed.
    public let bytes: Int64

    /// Nil where no table is there to be backed up.
    init?(_ tables: [TableSize], database: String, pipeline: String) {
        guard !tables.isEmpty else { return nil }
        let patterns = tables.map { "--table=" + Self.pattern($0.table.schema) + "." + Self.pattern($0.table.name) }
        let file = tables.count == 1 ? tables[0].table.name.name : pipeline
        let words = ["pg_dump", "--dbname=\(database)", "--format=custom"] + patterns + ["--file=\(file).dump"]
        command = words.map(ShellWord.quoted).joined(separator: " ")
        bytes = tables.reduce(0) { $0 + $1.total }
    }

    /// A name as a pattern of pg_dump that means it alone: in quotes unless it is plain.
    private static func pattern(_ name: Identifier) -> String {
        let isPlain = name.name.utf8.allSatisfy { byte in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || byte == UInt8(ascii: "_")
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        }
        return isPlain ? name.name : name.quoted
    }
}

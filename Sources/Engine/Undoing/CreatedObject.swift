import Postgres

/// An object that a stage created, as the ledger names it.
enum CreatedObject: Hashable {
    case table(QualifiedName)
    case column(Identifier, of: QualifiedName)
    case constraint(Identifier, on: QualifiedName)
    case trigger(Identifier, on: QualifiedName)
    /// An index, a sequence or a view of either kind.
    case relation(kind: String, QualifiedName)
    case type(QualifiedName)
    /// By name and arguments.
    case routine(String)
    case schema(Identifier)

    /// Reads what a stage recorded, such as `constraint a on b.c`; nil for what is no such record.
    init?(_ record: String) {
        func rest(after kind: String) -> NameScanner? {
            record.hasPrefix(kind + " ") ? NameScanner(record.dropFirst(kind.count + 1)) : nil
        }
        if var names = rest(after: "table"), let name = names.qualified(), names.isAtEnd {
            self = .table(name)
        } else if var names = rest(after: "column"), let table = names.qualified(), names.skip("."),
            let column = names.identifier(), names.isAtEnd
        {
            self = .column(column, of: table)
        } else if var names = rest(after: "constraint"), let name = names.identifier(), names.skip(" on "),
            let table = names.qualified(), names.isAtEnd
        {
            self = .constraint(name, on: table)
        } else if var names = rest(after: "trigger"), let name = names.identifier(), names.skip(" on "),
            let table = names.qualified(), names.isAtEnd
        {
            self = .trigger(name, on: table)
        } else if var names = rest(after: "type"), let name = names.qualified(), names.isAtEnd {
            self = .type(name)
        } else if var names = rest(after: "schema"), let name = names.identifier(), names.isAtEnd {
            self = .schema(name)
        } else if record.hasPrefix("function ") {
            self = .routine(String(record.dropFirst("function ".count)))
        } else {
            let kinds = ["index", "sequence", "view", "materialized view"]
            for kind in kinds {
                guard var names = rest(after: kind), let name = names.qualified(), names.isAtEnd else { continue }
                self = .relation(kind: kind, name)
                return
            }
            return nil
        }
    }

    /// The table that it is, or that it is a part of.
    var table: QualifiedName? {
        switch self {
        case .table(let table), .column(_, let table), .constraint(_, let table), .trigger(_, let table): table
        case .relation, .type, .routine, .schema: nil
        }
    }

    /// Whether it goes with its table without being named.
    var isPartOfTable: Bool { if case .table = self { false } else { table != nil } }

    /// Takes it away, unless something depends on it.
    var removal: SQL {
        switch self {
        case .table(let name): "drop table \(name) restrict"
        case .column(let name, let table): "alter table \(table) drop column \(name) restrict"
        case .constraint(let name, let table): "alter table \(table) drop constraint \(name) restrict"
        case .trigger(let name, let table): "drop trigger \(name) on \(table) restrict"
        case .relation(let kind, let name): "drop \(unsafe: kind) \(name) restrict"
        case .type(let name): "drop type \(name) restrict"
        case .routine(let signature): "drop routine \(unsafe: signature) restrict"
        case .schema(let name): "drop schema \(name) restrict"
        }
    }

    /// What is taken away first has the lower rank: what depends on others before these.
    var rank: Int {
        switch self {
        case .constraint: 0
        case .trigger: 1
        case .relation(let kind, _) where kind.hasSuffix("view"): 2
        case .column: 3
        case .relation(let kind, _) where kind == "index": 4
        case .table: 5
        case .relation: 6
        case .routine: 7
        case .type: 8
        case .schema: 9
        }
    }

    /// For people.
    var description: String {
        switch self {
        case .table(let name): "table \(name)"
        case .column(let name, let table): "column \(table).\(name)"
        case .constraint(let name, let table): "constraint \(name) on \(table)"
        case .trigger(let name, let table): "trigger \(name) on \(table)"
        case .relation(let kind, let name): "\(kind) \(name)"
        case .type(let name): "type \(name)"
        case .routine(let signature): "function \(signature)"
        case .schema(let name): "schema \(name)"
        }
    }
}

/// Reads names as PostgreSQL writes them: plain, or in double quotes.
struct NameScanner {
    private var rest: Substring.UnicodeScalarView

    init(_ text: Substring) {
        rest = text.unicodeScalars
    }

    var isAtEnd: Bool { rest.isEmpty }

    /// What was not read yet.
    var remainder: String { String(String.UnicodeScalarView(rest)) }

    /// One name; nil where there is none.
    mutating func identifier() -> Identifier? {
        var name = String.UnicodeScalarView()
        if rest.first == "\"" {
            rest.removeFirst()
            while let scalar = rest.popFirst() {
                if scalar != "\"" {
                    name.append(scalar)
                } else if rest.first == "\"" {
                    name.append(rest.removeFirst())
                } else {
                    return Identifier(String(name))
                }
            }
            return nil
        }
        while let scalar = rest.first, scalar != ".", scalar != " ", scalar != "(" {
            name.append(rest.removeFirst()); _ = scalar
        }
        return Identifier(String(name))
    }

    /// A name with its schema.
    mutating func qualified() -> QualifiedName? {
        guard let schema = identifier(), skip("."), let name = identifier() else { return nil }
        return QualifiedName(schema: schema, name: name)
    }

    /// Passes over some text; false where there is another.
    mutating func skip(_ text: String) -> Bool {
        let scalars = text.unicodeScalars
        guard rest.starts(with: scalars) else { return false }
        rest.removeFirst(scalars.count)
        return true
    }
}

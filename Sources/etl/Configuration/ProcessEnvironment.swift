import Glibc

/// The variables of the environment that this program reads, as they were at the start.
struct ProcessEnvironment: Sendable {
    private(set) var values: [String: Secret] = [:]
    /// Variables that hold bytes which are no text.
    private(set) var unreadable: [String] = []

    /// Variables from pairs, for tests.
    init(_ values: [String: String]) {
        self.values = values.mapValues(Secret.init)
    }

    /// Reads the environment of this process.
    init() {
        let names = ConnectionKeyword.variables.map(\.name) + ["DATABASE_URL", "NO_COLOR", "TERM"]
        for name in names {
            guard let value = getenv(name) else { continue }
            let bytes = UnsafeRawBufferPointer(start: value, count: strlen(value))
            if let text = String(validating: bytes, as: UTF8.self) {
                values[name] = Secret(text)
            } else {
                unreadable.append(name)
            }
        }
    }

    /// The value of a variable; nil when it is not set.
    func value(_ name: String) -> String? { values[name]?.revealed() }

    /// The value of a variable of libpq, to which an empty one is one that is not set.
    func stated(_ name: String) -> String? {
        value(name).flatMap { $0.isEmpty ? nil : $0 }
    }
}

import Glibc

/// The programs of one installed PostgreSQL server.
struct ServerBinaries: Sendable {
    /// The directory that holds `initdb` and `postgres`.
    let directory: String
    /// Its version: 16.2 is major 16, minor 2.
    let major: Int
    private let minor: Int

    func path(of program: String) -> String {
        "\(directory)/\(program)"
    }

    /// The `psql` beside the server, or whichever is in `PATH`. The one in Debian's `/usr/bin` is a Perl
    /// program that takes ten times as long to start.
    var psql: String {
        access(path(of: "psql"), X_OK) == 0 ? path(of: "psql") : "psql"
    }

    /// The newest server installed, or the newest of a major version.
    static func find(major: Int? = nil) throws(SandboxError) -> ServerBinaries {
        let packaged = listDirectory("/usr/lib/postgresql").map { "/usr/lib/postgresql/\($0)/bin" }
        let path = getenv("PATH").map { String(cString: $0) } ?? ""
        var seen: Set<String> = []
        let candidates = (packaged + path.split(separator: ":").map(String.init) + configuredDirectory())
            .filter { seen.insert($0).inserted }
            .compactMap { ServerBinaries(in: $0) }
            .filter { major == nil || $0.major == major }
        let newest = candidates.max { ($0.major, $0.minor) < ($1.major, $1.minor) }
        guard let newest else { throw SandboxError(.noServer(major: major)) }
        return newest
    }

    /// The server in a directory, if there is one that says its version.
    private init?(in directory: String) {
        guard access("\(directory)/initdb", X_OK) == 0, access("\(directory)/postgres", X_OK) == 0,
            let answer = firstLine(of: ["\(directory)/postgres", "--version"]),
            let version = Self.version(in: answer)
        else { return nil }
        self.directory = directory
        (major, minor) = version
    }

    /// The numbers in `postgres (PostgreSQL) 15.6 (Debian 15.6-1)`, also in `17beta1`.
    static func version(in answer: String) -> (major: Int, minor: Int)? {
        for word in answer.split(separator: " ") where word.first?.isNumber == true {
            let numbers = word.split { !$0.isASCII || !$0.isNumber }.compactMap { Int($0) }
            guard let major = numbers.first else { return nil }
            return (major, word.contains(".") ? numbers.dropFirst().first ?? 0 : 0)
        }
        return nil
    }
}

/// Where `pg_config` says the programs are, if there is one.
private func configuredDirectory() -> [String] {
    firstLine(of: ["pg_config", "--bindir"]).map { [$0] } ?? []
}

/// The first line that a program prints, or nil when it cannot be run.
private func firstLine(of command: [String]) -> String? {
    guard let output = try? AnonymousFile() else { return nil }
    var launch = Launch(command, environment: ["PATH": "/usr/local/bin:/usr/bin:/bin"])
    launch.output = .descriptor(output.descriptor)
    guard let child = try? launch.start(), child.wait() == .exited(0) else { return nil }
    return output.text.split(separator: "\n").first.map(String.init)
}

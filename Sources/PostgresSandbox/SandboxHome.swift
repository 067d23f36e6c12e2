import Glibc

/// Where initialised templates and the kept server live, for one user.
///
/// Root's is `/var/lib/etl-sandbox`, because the server's account has to reach it, which it seldom can
/// below `/root`. A user's is `$XDG_STATE_HOME/etl-sandbox`, else `~/.local/state/etl-sandbox`, else
/// `/var/tmp/etl-sandbox-<uid>` where the home directory is missing, read-only or too long for a socket.
struct SandboxHome {
    let path: String

    /// Opens the first place that can be used.
    static func open() throws(SandboxError) -> SandboxHome {
        var problem: SandboxError?
        for path in candidates() {
            do {
                try create(path)
                return SandboxHome(path: path)
            } catch {
                problem = problem ?? error
            }
        }
        throw problem ?? SandboxError(.noAccount)
    }

    /// Where the kept server is unless told otherwise.
    var keptDirectory: String { "\(path)/kept" }

    private static func candidates() -> [String] {
        if geteuid() == 0 { return ["/var/lib/etl-sandbox", "/var/tmp/etl-sandbox-0"] }
        let state = variable("XDG_STATE_HOME") ?? variable("HOME").map { "\($0)/.local/state" }
        // The longest name below is that of a kept server's socket.
        let mine = [state].compactMap { $0 }.map { "\($0)/etl-sandbox" }
        return mine.filter { socketFits(in: "\($0)/kept") } + ["/var/tmp/etl-sandbox-\(geteuid())"]
    }

    private static func variable(_ name: String) -> String? {
        guard let value = getenv(name).map({ String(cString: $0) }), value.hasPrefix("/") else { return nil }
        return value
    }

    /// Creates what is missing and refuses what somebody else made there before.
    private static func create(_ path: String) throws(SandboxError) {
        let isRoot = geteuid() == 0
        var parent = ""
        for part in path.split(separator: "/").dropLast() {
            parent += "/\(part)"
            let mode: mode_t = isRoot ? 0o755 : 0o700
            // Whatever the umask took away.
            if mkdir(parent, mode) == 0 { chmod(parent, mode) }
        }
        if mkdir(path, 0o700) == 0 {
            // Root's must let the server's account pass, but not look around.
            chmod(path, isRoot ? 0o711 : 0o700)
        }
        var facts = stat()
        guard lstat(path, &facts) == 0 else {
            throw SandboxError(.unusableDirectory(path: path, why: .systemCall(errno)))
        }
        let problem: SandboxError.DirectoryProblem? =
            facts.st_mode & S_IFMT != S_IFDIR
            ? .notADirectory
            : facts.st_uid != geteuid()
                ? .foreignOwner(facts.st_uid)
                : facts.st_mode & 0o022 != 0 ? .openToOthers(mode: facts.st_mode & 0o7777) : nil
        if let problem { throw SandboxError(.unusableDirectory(path: path, why: problem)) }
    }
}

/// Whether a server's socket in this directory has a name short enough for the system.
func socketFits(in directory: String) -> Bool {
    "\(directory)/.s.PGSQL.\(Sandbox.onlyPort)".utf8.count <= 107
}

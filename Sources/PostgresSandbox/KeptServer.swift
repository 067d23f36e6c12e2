import Glibc

/// The server that a user keeps until it is stopped.
///
/// Its directory holds the data, the socket and the log. It is durable like any server: whoever rehearses
/// a migration on it sees the times of a real one.
struct KeptServer: RunningServer {
    private let directory: String

    static func start(at chosen: String?) throws(SandboxError) -> Sandbox {
        let account = try ServerAccount.choose()
        let home = try SandboxHome.open()
        let place = try PrivateDirectory(at: absolute(chosen) ?? home.keptDirectory, for: account)
        guard socketFits(in: place.path) else { throw SandboxError(.pathTooLong(place.path)) }
        try account.requireEntry(to: place.path)
        // Of two that start it at once, the second waits here and finds it running.
        place.lock()
        let kept = KeptServer(directory: place.path)
        if let sandbox = try kept.sandbox() { return sandbox }

        let binaries = try ServerBinaries.find(major: kept.majorVersion)
        if kept.majorVersion == nil {
            let template = try ClusterTemplate.ready(for: binaries, account: account, home: home)
            try kept.fill(from: template, with: binaries, as: account)
        }
        try kept.launch(binaries, as: account)
        return Sandbox(socketDirectory: place.path, psql: binaries.psql, server: kept)
    }

    static func running(at chosen: String?) throws(SandboxError) -> Sandbox? {
        let chosen = absolute(chosen)
        let directory = if let chosen { chosen } else { try SandboxHome.open().keptDirectory }
        return try KeptServer(directory: directory).sandbox()
    }

    /// Ends it in order: transactions are rolled back, the data are written.
    func stop() throws(SandboxError) {
        // SIGINT is PostgreSQL's fast shutdown, SIGQUIT the immediate one, which recovers at the next start.
        for (signal, seconds) in [(SIGINT, 20), (SIGQUIT, 10)] {
            guard let pid = processNumber() else { return }
            kill(pid, signal)
            for _ in 0..<(seconds * 100) {
                if processNumber() != pid { return }
                pause(milliseconds: 10)
            }
        }
        if let pid = processNumber() { throw SandboxError(.serverStuck(pid: pid)) }
    }

    func abandon() {}

    /// The sandbox when the server is up, or on its way and comes up.
    private func sandbox() throws(SandboxError) -> Sandbox? {
        guard let pid = processNumber() else { return nil }
        do throws(SandboxError) {
            try awaitServer(
                in: directory, hasEnded: { processNumber() == pid ? nil : .exited(0) }, log: lastLog)
        } catch {
            // One that was dying when it was found is none.
            if processNumber() != pid { return nil }
            throw error
        }
        let binaries = try ServerBinaries.find(major: majorVersion)
        return Sandbox(socketDirectory: directory, psql: binaries.psql, server: self)
    }

    /// The number of the server's process, if it lives.
    ///
    /// The number in `postmaster.pid` may be another's after a crash; but only our server's working
    /// directory is our data directory.
    private func processNumber() -> pid_t? {
        guard let line = readFile("\(data)/postmaster.pid")?.split(separator: "\n").first,
            let pid = pid_t(line), pid > 0
        else { return nil }
        var there = stat()
        var here = stat()
        guard stat("/proc/\(pid)/cwd", &there) == 0, stat(data, &here) == 0,
            there.st_dev == here.st_dev, there.st_ino == here.st_ino
        else { return nil }
        return pid
    }

    /// The version whose data are here; nil when there are none yet.
    private var majorVersion: Int? {
        readFile("\(data)/PG_VERSION")?.split(separator: "\n").first.flatMap { Int($0) }
    }

    private var data: String { "\(directory)/data" }

    private var logFile: String { "\(directory)/server.log" }

    private func lastLog() -> String {
        readFile(logFile) ?? ""
    }

    /// Copies the template beside, makes it durable, and renames it: data that are there are whole.
    private func fill(
        from template: ClusterTemplate, with binaries: ServerBinaries, as account: ServerAccount
    ) throws(SandboxError) {
        let script = """
            rm -rf -- "$2.new" && cp -a --reflink=auto -- "$1" "$2.new" \
            && "$3" --sync-only "$2.new" && mv -T -- "$2.new" "$2"
            """
        try account.run(
            ["/bin/sh", "-c", script, "sh", template.dataDirectory, data, binaries.path(of: "initdb")])
    }

    /// Starts the server in a session of its own, with its messages in the log, and waits for it.
    private func launch(_ binaries: ServerBinaries, as account: ServerAccount) throws(SandboxError) {
        let server = [
            binaries.path(of: "postgres"), "-D", data, "-c", "listen_addresses=",
            "-c", "unix_socket_directories=\(directory)", "-p", String(Sandbox.onlyPort),
        ]
        let script = "log=$1; shift; umask 077; exec >>\"$log\" 2>&1 \"$@\""
        var launch = account.launch(["/bin/sh", "-c", script, "sh", logFile] + server, newSession: true)
        launch.directory = "/"
        let child: ChildProcess
        do {
            child = try launch.start()
        } catch {
            throw SandboxError(error)
        }
        do {
            try awaitServer(in: directory, hasEnded: { child.poll() }, log: lastLog)
        } catch {
            child.send(signal: SIGQUIT)
            throw error
        }
    }

    /// A path as it is from anywhere: the server changes its working directory.
    private static func absolute(_ path: String?) -> String? {
        guard let path, !path.hasPrefix("/") else { return path }
        guard let here = getcwd(nil, 0) else { return path }
        defer { free(here) }
        return "\(String(cString: here))/\(path)"
    }
}

/// The text of a small file; nil when it cannot be read.
private func readFile(_ path: String) -> String? {
    let descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    // Of a long log only the end is of interest.
    let size = lseek(descriptor, 0, SEEK_END)
    let count = bytes.withUnsafeMutableBytes {
        pread(descriptor, $0.baseAddress, $0.count, max(0, size - off_t($0.count)))
    }
    return count < 0 ? nil : String(decoding: bytes.prefix(count), as: UTF8.self)
}

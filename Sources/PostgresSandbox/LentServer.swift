import Glibc
import Synchronization

/// A server that is lent to this process.
///
/// Between us and it stands a supervisor, a small shell program in a session of its own. It reads from a
/// socket whose other end only we hold and never write to: when we end, by whatever means, it reads the
/// end, kills the server and removes the directory. Should the supervisor itself be killed, the system
/// ends the server (`--pdeathsig`), and the next start removes the directory.
final class LentServer: RunningServer {
    private let supervisor: ChildProcess
    /// Our end of the socket, until it is closed.
    private let lifeline: Mutex<Int32?>

    private init(supervisor: ChildProcess, lifeline: Int32) {
        self.supervisor = supervisor
        self.lifeline = Mutex(lifeline)
    }

    static func start(settings: [String: String]) throws(SandboxError) -> Sandbox {
        let account = try ServerAccount.choose()
        let binaries = try ServerBinaries.find()
        let template = try ClusterTemplate.ready(for: binaries, account: account, home: .open())
        for place in places { PrivateDirectory.sweep(in: place, prefix: prefix, for: account) }
        let cluster = try PrivateDirectory(fresh: "\(roomiest())/\(prefix)", for: account)

        let log: AnonymousFile
        let server: LentServer
        do {
            log = try AnonymousFile()
            let command = serverCommand(binaries, cluster: cluster.path, settings: settings)
            server = try supervise(
                account.launch(
                    ["/bin/sh", "-c", supervision, "sh", cluster.path, template.dataDirectory] + command,
                    newSession: true),
                lock: cluster.descriptor, log: log)
        } catch {
            rmdir(cluster.path)
            throw SandboxError(error)
        }
        let port = settings["port"].flatMap { Int($0) } ?? Sandbox.onlyPort
        do {
            try awaitServer(
                in: cluster.path, port: port, hasEnded: { server.supervisor.poll() }, log: { log.text })
        } catch {
            server.abandon()
            throw error
        }
        return Sandbox(socketDirectory: cluster.path, port: port, psql: binaries.psql, server: server)
    }

    func stop() {
        let end = lifeline.withLock { descriptor in
            defer { descriptor = nil }
            return descriptor
        }
        if let end { close(end) }
        supervisor.wait()
    }

    func abandon() {
        stop()
    }

    /// Starts the supervisor with the lock of the cluster's directory as descriptor 3: it, the server and
    /// all of its processes hold it as long as one of them lives.
    private static func supervise(
        _ launch: Launch, lock: Int32, log: AnonymousFile
    ) throws(LaunchFailure) -> LentServer {
        var ends: [Int32] = [-1, -1]
        // A pair of sockets and not a pipe, because it is closed in other children from the beginning: a
        // pipe's end, marked a moment later, could slip into one started meanwhile and outlive us there.
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else {
            throw LaunchFailure(program: "socketpair", code: errno)
        }
        defer { close(ends[1]) }
        var launch = launch
        launch.input = .descriptor(ends[1])
        launch.output = .descriptor(log.descriptor)
        launch.error = .descriptor(log.descriptor)
        launch.third = lock
        do {
            return LentServer(supervisor: try launch.start(), lifeline: ends[0])
        } catch {
            close(ends[0])
            throw error
        }
    }

    private static func serverCommand(
        _ binaries: ServerBinaries, cluster: String, settings: [String: String]
    ) -> [String] {
        let own = [
            "listen_addresses": "", "unix_socket_directories": cluster, "port": String(Sandbox.onlyPort),
            "fsync": "off", "synchronous_commit": "off", "full_page_writes": "off",
            "max_connections": "200", "timezone": "UTC", "log_timezone": "UTC",
        ]
        let all = own.merging(settings) { _, given in given }.sorted { $0.key < $1.key }
        return ["setpriv", "--pdeathsig", "QUIT", binaries.path(of: "postgres"), "-D", "\(cluster)/data"]
            + all.flatMap { ["-c", "\($0.key)=\($0.value)"] }
    }

    private static let prefix = "etl-lent-"
    private static let places = ["/dev/shm", "/tmp"]

    /// In memory where there is room: a database is three hundred files, made four times as fast there. A
    /// container's usual 64 MB would soon be full.
    private static func roomiest() -> String {
        var facts = statvfs()
        let memory = places[0]
        guard statvfs(memory, &facts) == 0, facts.f_bavail * facts.f_frsize >= 4 << 30,
            access(memory, W_OK | X_OK) == 0
        else { return places[1] }
        return memory
    }

    /// Arguments: the cluster's directory, the template's data, the server's command.
    ///
    /// The signal is repeated, because the shell starts background commands with SIGQUIT ignored and the
    /// server needs a moment to listen to it.
    private static let supervision = """
        cluster=$1 template=$2
        shift 2
        cd / && cp -a --reflink=auto -- "$template" "$cluster/data" || { rm -rf -- "$cluster"; exit 1; }
        exec 4<&0 </dev/null
        "$@" 4<&- &
        server=$!
        {
            read -r nothing <&4
            while kill -QUIT "$server"; do sleep 0.05; done
            rm -rf -- "$cluster"
        } 2>/dev/null &
        reader=$!
        exec 4<&-
        trap 'kill -QUIT "$server"' HUP INT TERM
        while kill -0 "$server" 2>/dev/null; do wait "$server"; code=$?; done
        kill "$reader" 2>/dev/null
        rm -rf -- "$cluster"
        exit "$code"
        """
}

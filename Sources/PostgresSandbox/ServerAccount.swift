import Glibc

/// As whom the server runs: PostgreSQL refuses root.
struct ServerAccount: Sendable {
    let name: String
    let uid: uid_t
    let gid: gid_t
    /// Whether commands have to change the user first.
    private let changesUser: Bool

    /// The current user, or for root `postgres`, else `nobody`.
    static func choose() throws(SandboxError) -> ServerAccount {
        guard geteuid() == 0 else {
            return ServerAccount(
                name: "number \(geteuid())", uid: geteuid(), gid: getegid(), changesUser: false)
        }
        for name in ["postgres", "nobody"] {
            if let (uid, gid) = lookUp(name) {
                return ServerAccount(name: name, uid: uid, gid: gid, changesUser: true)
            }
        }
        throw SandboxError(.noAccount)
    }

    /// A command as this account runs it. It starts with no variables but these few: the PG* of the
    /// caller would change what `initdb` and `postgres` do.
    func launch(_ command: [String], newSession: Bool = false) -> Launch {
        let session = newSession ? ["setsid"] : []
        let change = ["setpriv", "--reuid=\(uid)", "--regid=\(gid)", "--clear-groups"]
        return Launch(
            session + (changesUser ? change : []) + command,
            environment: ["PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8"])
    }

    /// Runs a command to its end; what it prints becomes part of the error when it fails.
    func run(_ command: [String]) throws(SandboxError) {
        let output: AnonymousFile
        let ending: Ending
        do {
            output = try AnonymousFile()
            var launch = launch(command)
            // `initdb` and others complain when they may not enter the caller's directory.
            launch.directory = "/"
            launch.output = .descriptor(output.descriptor)
            launch.error = .descriptor(output.descriptor)
            ending = try launch.start().wait()
        } catch {
            throw SandboxError(error)
        }
        guard ending == .exited(0) else {
            throw SandboxError(.toolFailed(name: command[0], ending: ending, output: output.text))
        }
    }

    /// Refuses a directory whose parents keep the account out, which only root's choices can.
    func requireEntry(to directory: String) throws(SandboxError) {
        do {
            try run(["/bin/sh", "-c", "cd \"$1\"", "sh", directory])
        } catch {
            throw SandboxError(.unusableDirectory(path: directory, why: .closedTo(account: name)))
        }
    }

    private static func lookUp(_ name: String) -> (uid_t, gid_t)? {
        var record = passwd()
        var result: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: 16384)
        guard getpwnam_r(name, &record, &buffer, buffer.count, &result) == 0, result != nil else { return nil }
        return (record.pw_uid, record.pw_gid)
    }
}

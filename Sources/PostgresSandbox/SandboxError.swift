import Glibc

/// A private server could not be had, or not be stopped.
public struct SandboxError: Error, CustomStringConvertible {
    /// What went wrong, with its evidence.
    enum Reason: Sendable {
        case noServer(major: Int?)
        case noAccount
        case noTool(name: String, code: Int32)
        case toolFailed(name: String, ending: Ending, output: String)
        case unusableDirectory(path: String, why: DirectoryProblem)
        case pathTooLong(String)
        case serverEnded(Ending, log: String)
        case serverSilent(seconds: Int, log: String)
        case serverStuck(pid: pid_t)
    }

    /// What is wrong with a directory.
    enum DirectoryProblem: Sendable {
        case systemCall(Int32)
        case notADirectory
        case foreignOwner(uid_t)
        case openToOthers(mode: mode_t)
        case closedTo(account: String)
    }

    let reason: Reason

    init(_ reason: Reason) {
        self.reason = reason
    }

    init(_ failure: LaunchFailure) {
        reason = .noTool(name: failure.program, code: failure.code)
    }

    /// What failed, and what to do about it.
    public var description: String {
        switch reason {
        case .noServer(nil):
            "no PostgreSQL server programs (initdb, postgres) found in /usr/lib/postgresql/*/bin or in PATH; "
                + "install them: apt-get install postgresql"
        case .noServer(let major?):
            "the kept sandbox was made by PostgreSQL \(major), which is no longer installed; "
                + "install it: apt-get install postgresql-\(major)"
        case .noAccount:
            "PostgreSQL does not run as root, and neither a user postgres nor a user nobody exists; "
                + "install the server: apt-get install postgresql"
        case .noTool(let name, let code):
            "\(name) could not be used: \(message(of: code))"
        case .toolFailed(let name, let ending, let output):
            "\(name) \(ending)\(quoting(output))"
        case .unusableDirectory(let path, let problem):
            "the sandbox cannot use \(path): \(problem)"
        case .pathTooLong(let path):
            "\(path) is too long for a Unix socket (107 bytes); choose a shorter directory"
        case .serverEnded(let ending, let log):
            "the private PostgreSQL \(ending) while starting\(quoting(log))"
        case .serverSilent(let seconds, let log):
            "the private PostgreSQL did not answer within \(seconds) s\(quoting(log))"
        case .serverStuck(let pid):
            "the private PostgreSQL (process \(pid)) does not stop; see its log, then end it with kill -9"
        }
    }
}

extension SandboxError.DirectoryProblem: CustomStringConvertible {
    /// The problem in words.
    var description: String {
        switch self {
        case .systemCall(let code): message(of: code)
        case .notADirectory: "it is not a directory (symbolic links are not followed)"
        case .foreignOwner(let uid): "it belongs to user number \(uid)"
        case .openToOthers(let mode):
            "its mode is \(String(mode, radix: 8)), so that others may enter; it has to be 700"
        case .closedTo(let account):
            "user \(account), as whom the server runs, cannot enter it; every directory above needs mode o+x"
        }
    }
}

private func message(of code: Int32) -> String {
    strerror(code).map { String(cString: $0) } ?? "error \(code)"
}

/// The last lines of what a program said, on lines of their own.
private func quoting(_ output: String) -> String {
    let lines = output.split(separator: "\n").suffix(8)
    return lines.isEmpty ? "" : ":\n" + lines.map { "  \($0)" }.joined(separator: "\n")
}

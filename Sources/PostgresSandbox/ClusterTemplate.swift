import Glibc

/// A cluster that was initialised once and is copied ever after: a tenth of the time of `initdb`.
struct ClusterTemplate {
    /// The data directory to copy.
    let dataDirectory: String

    /// The template of a server's major version, made when there is none yet.
    ///
    /// It is made under another name and renamed when it is complete, so one that is there is whole; of
    /// several processes that make it at once, the first wins and the others use its.
    static func ready(
        for binaries: ServerBinaries, account: ServerAccount, home: SandboxHome
    ) throws(SandboxError) -> ClusterTemplate {
        let place = "\(home.path)/template-\(binaries.major)-\(account.uid)"
        let template = ClusterTemplate(dataDirectory: "\(place)/data")
        if access(place, F_OK) == 0 { return template }

        PrivateDirectory.sweep(in: home.path, prefix: "new-", for: account)
        let workshop = try PrivateDirectory(fresh: "\(home.path)/new-", for: account)
        do {
            try account.requireEntry(to: workshop.path)
            try account.run([
                binaries.path(of: "initdb"), "--pgdata=\(workshop.path)/data", "--username=\(Sandbox.superuser)",
                "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8",
            ])
        } catch {
            try? PrivateDirectory.remove(workshop.path, of: account)
            throw error
        }
        if rename(workshop.path, place) != 0 {
            let code = errno
            try PrivateDirectory.remove(workshop.path, of: account)
            guard code == ENOTEMPTY || code == EEXIST else {
                throw SandboxError(.unusableDirectory(path: place, why: .systemCall(code)))
            }
        }
        return template
    }
}

import Glibc

/// A directory that belongs to one account and that nobody else may enter.
///
/// Whoever may enter it may connect to the server in it: the server trusts the directory's permissions.
/// Its descriptor carries the lock that tells a directory in use from a leftover.
struct PrivateDirectory: ~Copyable {
    let path: String
    /// Open on the directory itself; closed with the value.
    let descriptor: Int32

    /// A fresh directory with a random end of its name, locked as long as somebody holds its descriptor.
    init(fresh prefix: String, for account: ServerAccount) throws(SandboxError) {
        var name = Array("\(prefix)XXXXXX".utf8CString)
        guard mkdtemp(&name) != nil else {
            throw SandboxError(.unusableDirectory(path: "\(prefix)…", why: .systemCall(errno)))
        }
        let path = String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        chmod(path, 0o700)
        try self.init(opening: path, for: account)
        flock(descriptor, LOCK_EX)
    }

    /// The directory at a path, created when it is missing, refused when it is not private.
    init(at path: String, for account: ServerAccount) throws(SandboxError) {
        if mkdir(path, 0o700) == 0 {
            // Whatever the umask took away.
            chmod(path, 0o700)
        } else if errno != EEXIST {
            throw SandboxError(.unusableDirectory(path: path, why: .systemCall(errno)))
        }
        try self.init(opening: path, for: account)
    }

    /// Opens without following a link, gives a new one to the account, and checks what was opened rather
    /// than the name, which could be exchanged in between.
    private init(opening path: String, for account: ServerAccount) throws(SandboxError) {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else {
            let refused = errno == ENOTDIR || errno == ELOOP
            throw SandboxError(
                .unusableDirectory(path: path, why: refused ? .notADirectory : .systemCall(errno)))
        }
        var facts = stat()
        fstat(descriptor, &facts)
        if facts.st_uid == geteuid(), facts.st_uid != account.uid, listDirectory(path).isEmpty {
            fchown(descriptor, account.uid, account.gid)
            fchmod(descriptor, 0o700)
            fstat(descriptor, &facts)
        }
        let problem: SandboxError.DirectoryProblem? =
            facts.st_uid != account.uid
            ? .foreignOwner(facts.st_uid)
            : facts.st_mode & 0o077 != 0 ? .openToOthers(mode: facts.st_mode & 0o7777) : nil
        if let problem {
            close(descriptor)
            throw SandboxError(.unusableDirectory(path: path, why: problem))
        }
        self.path = path
        self.descriptor = descriptor
    }

    deinit {
        close(descriptor)
    }

    /// Waits until no other process holds the lock, then holds it.
    func lock() {
        while flock(descriptor, LOCK_EX) != 0, errno == EINTR {}
    }

    /// Removes such a directory: what is in it as the account, which cannot do harm elsewhere, and itself as
    /// us, for the account may not write to its parent.
    static func remove(_ path: String, of account: ServerAccount) throws(SandboxError) {
        try account.run(["find", path, "-mindepth", "1", "-delete"])
        guard rmdir(path) == 0 || errno == ENOENT else {
            throw SandboxError(.unusableDirectory(path: path, why: .systemCall(errno)))
        }
    }

    /// Removes the directories that nobody holds any more, made by processes that were ended without a
    /// chance to clean up. A young one may be about to be locked, and stays.
    static func sweep(in parent: String, prefix: String, for account: ServerAccount, olderThan seconds: Int = 60) {
        for name in listDirectory(parent) where name.hasPrefix(prefix) {
            let path = "\(parent)/\(name)"
            let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
            guard descriptor >= 0 else { continue }
            defer { close(descriptor) }
            var facts = stat()
            guard fstat(descriptor, &facts) == 0, facts.st_uid == account.uid,
                time(nil) - facts.st_ctim.tv_sec >= seconds, flock(descriptor, LOCK_EX | LOCK_NB) == 0
            else { continue }
            // A failure leaves what was there; the next start tries again.
            try? remove(path, of: account)
        }
    }
}

/// The names in a directory, without the two dots; none when it cannot be read.
func listDirectory(_ path: String) -> [String] {
    guard let directory = opendir(path) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
        let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        if name != ".", name != ".." { names.append(name) }
    }
    return names
}

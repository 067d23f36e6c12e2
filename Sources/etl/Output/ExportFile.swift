import Glibc

/// A file that appears under its name only when it is whole: written aside, synced, then renamed. Readable by its owner
/// alone; a file of that name that is there already is left alone.
final class ExportFile {
    private let path: String
    private let aside: String
    private let descriptor: Int32
    private var isPublished = false

    init(path: String) throws(CommandFailure) {
        self.path = path
        aside = path + ".\(getpid()).part"
        if access(path, F_OK) == 0 { throw Self.exists(path) }
        descriptor = open(aside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        if descriptor < 0 { throw Self.failure(path) }
        // The umask may have taken from the mode, never added to it.
        fchmod(descriptor, 0o600)
    }

    deinit {
        close(descriptor)
        if !isPublished { unlink(aside) }
    }

    func append(_ text: String) throws(CommandFailure) {
        guard FileOutput.write(Array(text.utf8), to: descriptor) else { throw Self.failure(path) }
    }

    /// Gives the file its name. A link fails where a rename would overwrite, should another have come first.
    func publish() throws(CommandFailure) {
        guard fsync(descriptor) == 0 else { throw Self.failure(path) }
        guard link(aside, path) == 0 else { throw errno == EEXIST ? Self.exists(path) : Self.failure(path) }
        unlink(aside)
        isPublished = true
    }

    private static func exists(_ path: String) -> CommandFailure {
        CommandFailure(
            .usage, Explanation(summary: "\(path) exists already and is left alone", next: "name another file"))
    }

    private static func failure(_ path: String) -> CommandFailure {
        CommandFailure(
            .failed,
            Explanation(summary: "\(path) cannot be written: \(SystemError.text(errno))", next: "name another file"))
    }
}

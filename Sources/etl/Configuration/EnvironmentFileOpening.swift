import Glibc

/// Opens a `.env` file only where nobody else could have written it.
enum EnvironmentFileOpening {
    /// Why a file was not opened.
    enum Refusal: Error, Equatable {
        case writableByOthers(mode: UInt32)
        case foreignOwner(uid: UInt32)
        case foreignLink(uid: UInt32)
        case notARegularFile
        case tooLarge
        case unreadable(errno: Int32)
    }

    static let maximumBytes = 1 << 20

    /// The bytes of the file, or nil when there is none. A symbolic link is followed when it is our own or
    /// root's: deployments keep one `.env` beside their releases. The file it leads to must pass as well.
    static func read(_ path: String) throws(Refusal) -> [UInt8]? {
        var link = stat()
        guard lstat(path, &link) == 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw .unreadable(errno: errno)
        }
        guard link.st_mode & S_IFMT != S_IFLNK || isTrusted(link.st_uid) else {
            throw .foreignLink(uid: link.st_uid)
        }
        // Not blocking, for opening a FIFO would wait for somebody to write to it.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else { throw .unreadable(errno: errno) }
        defer { close(descriptor) }
        var file = stat()
        guard fstat(descriptor, &file) == 0 else { throw .unreadable(errno: errno) }
        guard file.st_mode & S_IFMT == S_IFREG else { throw .notARegularFile }
        guard isTrusted(file.st_uid) else { throw .foreignOwner(uid: file.st_uid) }
        guard file.st_mode & (S_IWGRP | S_IWOTH) == 0 else {
            throw .writableByOthers(mode: file.st_mode & 0o7777)
        }
        return try readAll(descriptor)
    }

    private static func isTrusted(_ owner: uid_t) -> Bool { owner == geteuid() || owner == 0 }

    private static func readAll(_ descriptor: Int32) throws(Refusal) -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count == 0 { return bytes }
            if count < 0 {
                if errno == EINTR { continue }
                throw .unreadable(errno: errno)
            }
            bytes += buffer[..<count]
            guard bytes.count <= maximumBytes else { throw .tooLarge }
        }
    }
}

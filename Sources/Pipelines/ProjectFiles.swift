import Glibc

/// The files of one project directory; nothing outside of it can be read through this.
public struct ProjectFiles: Sendable {
    /// No file of a project is read beyond this size.
    static let maximumBytes = 16 * 1024 * 1024

    private let directory: String

    /// The files below a directory, which need not exist.
    public init(directory: String) {
        self.directory = directory
    }

    /// Why a file was not read.
    public enum Fault: Error, Equatable {
        /// There is no such directory.
        case noProject
        /// The path could lead out of the project.
        case notRelative
        /// There is nothing of that name.
        case missing
        /// A link leads out of the project.
        case outside
        /// It is a directory, a device or a pipe.
        case notRegular
        /// It is larger than any file of a project.
        case tooLarge
        /// The system refuses it.
        case unreadable(code: Int32)

        /// The reason in words.
        public var message: String {
            switch self {
            case .noProject: "the project directory does not exist"
            case .notRelative: "the path must be relative to the project, without \"..\""
            case .missing: "there is no such file"
            case .outside: "the file lies outside the project"
            case .notRegular: "this is not a regular file"
            case .tooLarge: "the file is larger than \(ProjectFiles.maximumBytes / 1024 / 1024) MiB"
            case .unreadable(let code): "the file cannot be read (error \(code) of the system)"
            }
        }
    }

    /// The bytes of a file, named by its path in the project.
    public func read(_ path: String) throws(Fault) -> [UInt8] {
        let resolved = try resolve(path)
        // Asked before opening, because opening a device may already do something.
        var status = stat()
        guard lstat(resolved, &status) == 0 else { throw .unreadable(code: errno) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .notRegular }
        // The path holds no links any more: should one appear now, it is not followed; nor can a pipe block.
        let file = open(resolved, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard file >= 0 else { throw .unreadable(code: errno) }
        defer { close(file) }
        guard fstat(file, &status) == 0 else { throw .unreadable(code: errno) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .notRegular }
        return try contents(of: file)
    }

    /// The names in a directory of the project, in no order; those that are not UTF-8 are left out.
    public func names(in path: String) throws(Fault) -> [String] {
        guard let listing = opendir(try resolve(path)) else { throw .unreadable(code: errno) }
        defer { closedir(listing) }
        var names: [String] = []
        while let entry = Glibc.readdir(listing) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(validating: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if let name { names.append(name) }
        }
        return names
    }

    /// The real path, with a NUL at its end, of something inside the project.
    private func resolve(_ path: String) throws(Fault) -> [CChar] {
        let bytes = Array(path.utf8)
        let components = bytes.split(separator: UInt8(ascii: "/"))
        guard bytes.first != UInt8(ascii: "/"), !components.isEmpty, !bytes.contains(0),
            !components.contains(where: { $0.elementsEqual("..".utf8) })
        else { throw .notRelative }
        guard let root = Self.realPath(of: directory) else { throw .noProject }
        guard let resolved = Self.realPath(of: directory + "/" + path) else {
            throw errno == ENOENT || errno == ENOTDIR ? .missing : .unreadable(code: errno)
        }
        let slash = CChar(bitPattern: UInt8(ascii: "/"))
        let inside = root == [slash, 0] ? root.dropLast() : root.dropLast() + [slash]
        guard resolved.starts(with: inside) else { throw .outside }
        return resolved
    }

    private static func realPath(of path: String) -> [CChar]? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return Array(UnsafeBufferPointer(start: resolved, count: strlen(resolved) + 1))
    }

    /// Reads to the end, and not just the size asked for before: the file may be growing.
    private func contents(of file: Int32) throws(Fault) -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        while true {
            let count = Glibc.read(file, &buffer, buffer.count)
            if count == 0 { return bytes }
            if count < 0 {
                if errno == EINTR { continue }
                throw .unreadable(code: errno)
            }
            bytes += buffer[..<count]
            guard bytes.count <= Self.maximumBytes else { throw .tooLarge }
        }
    }
}

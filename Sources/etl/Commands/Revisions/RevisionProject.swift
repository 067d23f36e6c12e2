import Glibc
import Pipelines
import Revisions

/// The revisions of a project: the files of `sql/revisions/`.
struct RevisionProject {
    /// Where they are, in the project.
    static let folder = "sql/revisions"

    /// The project's directory.
    let directory: String

    /// Reads all of them, or says everything that is wrong with them. There may be none.
    func history() throws(CommandFailure) -> RevisionHistory {
        var problems: [String] = []
        var files: [RevisionFile] = []
        for path in try paths() {
            do throws(RevisionFileError) {
                files.append(try file(path))
            } catch {
                problems.append(error.description)
            }
        }
        guard problems.isEmpty else { throw failure(problems) }
        do throws(RevisionHistory.Problems) {
            return try RevisionHistory(files)
        } catch {
            throw failure(error.sentences)
        }
    }

    private func file(_ path: String) throws(RevisionFileError) -> RevisionFile {
        let bytes: [UInt8]
        do throws(ProjectFiles.Fault) {
            bytes = try ProjectFiles(directory: directory).read(path)
        } catch {
            throw RevisionFileError(path: path, line: nil, reason: .unreadable(error.message))
        }
        return try RevisionFile(path: path, bytes: bytes)
    }

    private func paths() throws(CommandFailure) -> [String] {
        do throws(ProjectFiles.Fault) {
            return try ProjectFiles(directory: directory).names(in: Self.folder)
                .filter { $0.hasSuffix(".sql") && !$0.hasPrefix(".") }.map { Self.folder + "/" + $0 }
        } catch {
            if error == .missing { return [] }
            throw CommandFailure(
                .usage,
                Explanation(
                    summary: "\(Self.folder): \(error.message)",
                    next: "go to the project's directory, or name it with --project"))
        }
    }

    private func failure(_ sentences: [String]) -> CommandFailure {
        let summary =
            sentences.count == 1
            ? sentences[0] : "\(sentences.count) things are wrong with the revisions; nothing was touched"
        return CommandFailure(
            .usage,
            Explanation(
                summary: summary, details: sentences.count == 1 ? [] : sentences, next: "mend the files, then try again"
            ))
    }

    /// Writes the file of a new revision, which must not be there yet; gives its path in the project.
    func write(_ new: NewRevision, template: String?) throws(CommandFailure) -> String {
        guard let name = new.fileName(template: template ?? NewRevision.standardTemplate) else {
            throw CommandFailure(
                .usage,
                Explanation(
                    summary: "--file-template holds a word that is none, or leads elsewhere",
                    next: "write it like this: \(NewRevision.standardTemplate)"))
        }
        for part in ["sql", Self.folder] { mkdir(directory + "/" + part, 0o777) }
        let path = Self.folder + "/" + name
        let descriptor = open(directory + "/" + path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw unwritten(path) }
        defer { close(descriptor) }
        guard FileOutput.write(Array(new.text.utf8), to: descriptor) else { throw unwritten(path) }
        return path
    }

    private func unwritten(_ path: String) -> CommandFailure {
        CommandFailure(
            .failed,
            Explanation(
                summary: "\(path) could not be written: \(SystemError.text(errno))",
                next: "see whether the directory is there and yours: \(directory)/\(Self.folder)"))
    }
}

import Glibc
import JSON
import Revisions

/// `etl edit`: becomes the editor, with the files of revisions; as JSON it only says which they are.
func edit(
    _ word: String, _ history: RevisionHistory, _ project: RevisionProject, _ terminal: Terminal,
    _ setting: () throws(CommandFailure) -> RevisionSetting
) throws(CommandFailure) -> ExitCode {
    let ids = try meant(word, history, setting)
    let paths = ids.compactMap { history.file($0) }.map { project.directory + "/" + $0.path }
    guard !paths.isEmpty else {
        throw CommandFailure(
            .usage, Explanation(summary: "\(word) is no revision that has a file", next: "etl history"))
    }
    if terminal.style.isJSON {
        terminal.result(.object([("paths", .array(paths.map(JSONValue.string)))]))
        return .done
    }
    let editor =
        ["VISUAL", "EDITOR"].map { (name: String) in getenv(name).map { String(cString: $0) } ?? "" }
        .first { !$0.isEmpty } ?? "vi"
    signal(SIGPIPE, SIG_DFL)
    // As a shell reads it, because people put options into these variables.
    let words = ["sh", "-c", "exec \(editor) \"$@\"", editor] + paths
    var pointers: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) }
    pointers.append(nil)
    execvp("sh", &pointers)
    let code = errno
    for pointer in pointers { free(pointer) }
    throw CommandFailure(
        .failed, Explanation(summary: "the editor could not be started: " + SystemError.text(code), next: "set EDITOR"))
}

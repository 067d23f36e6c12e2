import Postgres

/// What an operator can do about an error of the server that has nothing to do with rows; running again goes on from there.
enum ServerAdvice {
    /// What to do; nil where nothing better is known than what the server says.
    static func next(_ error: ServerError) -> String? {
        if let advice = bySQLSTATE[error.sqlstate] { return "\(advice), then run again, which goes on from here" }
        // A limit of the operating system on files has no code of its own.
        if error.message.hasSuffix("File too large") {
            return "raise the limit on the size of files that the server runs under (ulimit -f), restart it, then run "
                + "again, which goes on from here"
        }
        return nil
    }

    private static let bySQLSTATE = [
        "53100": "make room on the server's disk, or on that of the tablespace that it names",
        "53200": "lower --workers, or give the server more memory (max_locks_per_transaction where it says so)",
        "53400":
            "raise the limit that the server names for the role, such as temp_file_limit, or give it more work_mem",
        "58P01": "see that the server's files are those of the version that runs: restart it after an upgrade",
        "XX001": "do not go on: a table is damaged, and what is there must be saved first; when it is mended",
        "XX002": "do not go on: an index is damaged; when it is made anew (reindex)",
    ]
}

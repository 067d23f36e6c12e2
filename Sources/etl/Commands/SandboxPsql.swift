import Glibc
import PostgresSandbox

/// Becomes psql, connected to the sandbox; returns only by throwing.
func becomePsql(_ sandbox: Sandbox, database: String, _ arguments: [String]) throws(CommandFailure) {
    // What libpq reads from the environment would lead psql elsewhere.
    for variable in ConnectionKeyword.variables { unsetenv(variable.name) }
    // An ignored signal stays ignored in the program that we become; psql wants the usual one.
    signal(SIGPIPE, SIG_DFL)
    let words =
        [
            sandbox.psql, "--host=" + sandbox.socketDirectory, "--port=\(sandbox.port)",
            "--username=" + sandbox.user, "--dbname=" + database,
        ] + arguments
    var pointers = words.map { strdup($0) }
    pointers.append(nil)
    execvp(sandbox.psql, &pointers)
    let code = errno
    for pointer in pointers { free(pointer) }
    throw CommandFailure(
        .failed,
        Explanation(
            summary: "\(sandbox.psql) could not be started: " + SystemError.text(code),
            next: "install postgresql-client"))
}

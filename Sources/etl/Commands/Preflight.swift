import Engine
import Pipelines
import Postgres

/// `etl preflight`.
func preflight(pipeline name: String, settings: Settings, terminal: Terminal) throws(CommandFailure) -> ExitCode {
    throw CommandFailure(.usage, Explanation(summary: "not there yet", next: "etl help"))
}

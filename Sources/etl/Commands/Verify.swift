import Engine
import Pipelines
import Postgres

/// `etl verify`.
func verify(_ options: VerifyOptions, settings: Settings, terminal: Terminal) throws(CommandFailure) -> ExitCode {
    throw CommandFailure(.usage, Explanation(summary: "not there yet", next: "etl help"))
}

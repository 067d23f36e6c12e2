import Engine
import Pipelines
import Postgres

/// `etl plan`.
func plan(_ options: PlanOptions, settings: Settings, terminal: Terminal) throws(CommandFailure) -> ExitCode {
    throw CommandFailure(.usage, Explanation(summary: "not there yet", next: "etl help"))
}

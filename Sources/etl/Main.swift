import CMalloc
import Glibc

/// The program: arguments in, exit code out.
@main
enum Main {
    static func main() {
        // A core dump would hold the password and documents.
        var none = rlimit(rlim_cur: 0, rlim_max: 0)
        setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
        // A batch's memory goes back to the system when the batch is done. Else the allocator keeps what each worker once
        // needed, and the peaks of all add up though they are never at the same time.
        mallopt(M_MMAP_THRESHOLD, 256 << 10)
        mallopt(M_TRIM_THRESHOLD, 1 << 20)
        let words = Array(CommandLine.arguments.dropFirst())
        exit(run(words, environment: ProcessEnvironment()).rawValue)
    }

    private static func run(_ words: [String], environment: ProcessEnvironment) -> ExitCode {
        var terminal = Terminal(
            isJSON: Arguments.wantsJSON(words), isQuiet: false, environment: environment, log: nil)
        do throws(CommandFailure) {
            let invocation = try understand(words)
            let options = invocation.global
            terminal = Terminal(
                isJSON: options.isJSON, isQuiet: options.isQuiet, environment: environment,
                log: try options.logFile.map { path throws(CommandFailure) in try LogFile(path: path) })
            return try invocation.perform(environment: environment, terminal: terminal)
        } catch {
            terminal.explain(error)
            return error.code
        }
    }

    private static func understand(_ words: [String]) throws(CommandFailure) -> Invocation {
        do throws(UsageError) {
            return try Arguments.parse(words)
        } catch {
            throw CommandFailure(.usage, Explanation(error))
        }
    }
}

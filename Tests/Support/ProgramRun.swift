import Foundation
import PostgresSandbox

/// What a program that has ended left.
public struct ProgramResult: Sendable {
    /// Its exit code, or 128 plus the number of the signal that ended it, as a shell says it.
    public let status: Int32
    /// All that it wrote to standard output.
    public let stdout: [UInt8]
    /// All that it wrote to standard error, for people to read.
    public let stderr: String

    /// What a program has left.
    public init(status: Int32, stdout: [UInt8], stderr: String) {
        self.status = status
        self.stdout = stdout
        self.stderr = stderr
    }

    /// Standard output as text.
    public var output: String {
        String(decoding: stdout, as: UTF8.self)
    }
}

/// A program that was started and may still run.
///
/// Its streams are files without a name, so it never waits for a reader, and what it has written so far
/// can be read while it runs. It is killed when the last reference to it is gone.
public final class RunningProgram: Sendable {
    private let child: ChildProcess
    private let stdout: AnonymousFile
    private let stderr: AnonymousFile

    /// Starts a program: a path, or a name that is sought in `PATH`.
    ///
    /// The environment is all that it gets; it defaults to ours without the variables that lead libpq or
    /// `etl` elsewhere.
    public init(
        _ path: String, arguments: [String] = [], environment: [String: String] = plainEnvironment,
        input: [UInt8] = [], directory: String? = nil
    ) throws {
        stdout = try AnonymousFile()
        stderr = try AnonymousFile()
        // Held until the program has started, which then has it for itself.
        let stdin = try AnonymousFile(holding: input)
        var launch = Launch([path] + arguments, environment: environment)
        launch.directory = directory
        launch.input = .descriptor(stdin.descriptor)
        launch.output = .descriptor(stdout.descriptor)
        launch.error = .descriptor(stderr.descriptor)
        child = try withExtendedLifetime(stdin) { try launch.start() }
    }

    deinit {
        if child.poll() == nil {
            child.send(signal: SIGKILL)
            child.wait()
        }
    }

    /// The number of its process.
    public var pid: Int32 { child.pid }

    /// Whether it has not ended yet.
    public var isRunning: Bool { child.poll() == nil }

    /// What it has written to standard output so far.
    public var outputSoFar: String { stdout.text }

    /// What it has written to standard error so far.
    public var errorsSoFar: String { stderr.text }

    /// Sends it a signal, unless it has ended.
    public func kill(_ signal: Int32) {
        child.send(signal: signal)
    }

    /// Waits for its end, which blocks the thread: call it inside `blocking` where that may take long.
    public func wait() -> ProgramResult {
        let status: Int32 =
            switch child.wait() {
            case .exited(let code): code
            case .killed(let signal): 128 + signal
            }
        return ProgramResult(status: status, stdout: stdout.bytes, stderr: stderr.text)
    }
}

/// Runs a program to its end.
public func runProgram(
    _ path: String, arguments: [String] = [], environment: [String: String] = plainEnvironment,
    input: [UInt8] = [], directory: String? = nil
) throws -> ProgramResult {
    try RunningProgram(
        path, arguments: arguments, environment: environment, input: input, directory: directory
    ).wait()
}

/// Our environment without PG* and DATABASE_URL: a test must not depend on whoever runs it.
public var plainEnvironment: [String: String] {
    ProcessInfo.processInfo.environment.filter { name, _ in
        !name.hasPrefix("PG") && name != "DATABASE_URL"
    }
}

/// The `etl` that was built together with the tests.
public let etlBinary: String = {
    // The test bundle, or the runner it was loaded into, lies in the same directory.
    // Foundation does not survive the question after the last part of a single character.
    let candidates = ([Bundle.main.executablePath].compactMap { $0 } + CommandLine.arguments).filter {
        $0.contains("/")
    }
    let found = candidates.map { ($0 as NSString).deletingLastPathComponent + "/etl" }
        .first { FileManager.default.isExecutableFile(atPath: $0) }
    return found ?? packageDirectory + "/.build/debug/etl"
}()

/// The root of the package, where `Package.swift` lies.
public let packageDirectory: String = {
    var path = #filePath as NSString
    for _ in 0..<3 { path = path.deletingLastPathComponent as NSString }
    return path as String
}()

import Glibc

/// Ends the process with a word on what does not hold; an optimised `precondition` would end it without one.
func require(_ condition: Bool, _ what: StaticString) {
    if condition { return }
    what.withUTF8Buffer { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
    abort()
}

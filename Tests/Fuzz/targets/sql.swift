@testable import Postgres

/// SQL text: its tokens lie in order within it, and a script is the same for its fingerprint when its canonical text is read.
@_cdecl("LLVMFuzzerTestOneInput")
public func check(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    guard let script = try? SQLScript(name: "seed", bytes: bytes) else { return 0 }
    var end = 0
    for token in script.statements.flatMap(\.tokens) {
        require(token.range.lowerBound >= end && !token.range.isEmpty, "tokens lie one behind the other")
        require(token.range.upperBound <= bytes.count, "tokens lie in the text")
        end = token.range.upperBound
    }
    if let ranged = try? RangedStatement(script) { _ = ranged.sql(where: "true").text }
    let again = try? SQLScript(name: "seed", bytes: script.canonicalText)
    require(again?.canonicalText == script.canonicalText, "a canonical text is its own")
    return 0
}

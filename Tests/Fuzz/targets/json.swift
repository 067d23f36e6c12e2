@testable import JSON

/// The strict check: whatever it accepts is read node by node without a fault, and what is printed of it is JSON again that
/// prints the same.
@_cdecl("LLVMFuzzerTestOneInput")
public func check(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    var document = Document()
    do {
        try document.parse(UnsafeRawBufferPointer(start: start, count: count))
    } catch {
        require((0...count).contains(error.offset), "an error is within the text")
        return 0
    }
    let root = document.root
    _ = document.integer(of: root)
    // Deeper values are refused by what reads them, before anything goes down into them.
    guard document.depth <= 512, document.isStorable(root), document.hasOnlyNumericNumbers(root) else { return 0 }
    require(document.isEqual(root, to: root, in: document), "a value is equal to itself")
    let printed = JSONBText.of(document)
    printed.withUnsafeBytes { bytes in
        var again = Document()
        require((try? again.parse(bytes)) != nil, "what is printed is JSON")
        // The deepest may have been what a later key replaces.
        require(again.depth <= document.depth, "what is printed is no deeper")
        require(JSONBText.of(again) == printed, "it is printed in the same way again")
        require(document.isEqual(root, to: again.root, in: again), "a value is equal to what is printed of it")
    }
    return 0
}

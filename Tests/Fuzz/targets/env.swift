/// A `.env` file: its assignments are read to the end, and the URL in it holds nothing that ends a C string.
@_cdecl("LLVMFuzzerTestOneInput")
public func check(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    let lines = bytes.count { $0 == UInt8(ascii: "\n") } + 1
    guard let file = try? EnvironmentFile(bytes) else { return 0 }
    if let entry = file.databaseURL {
        require(!entry.value.revealed().utf8.contains(0), "the URL holds no NUL")
        require((1...lines).contains(entry.line), "its line is one of the file")
        _ = try? DatabaseURL(entry.value.revealed())
    }
    for (_, line) in file.unread { require((1...lines).contains(line), "a line is one of the file") }
    return 0
}

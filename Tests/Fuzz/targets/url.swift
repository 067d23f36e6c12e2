/// The database's URL: what is understood of it shows no password.
@_cdecl("LLVMFuzzerTestOneInput")
public func check(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let text = String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    guard let url = try? DatabaseURL(text) else { return 0 }
    let shown = url.redacted
    for parameter in url.parameters where ConnectionKeyword.isSecret(parameter.keyword) {
        let secret = parameter.revealed()
        // Somebody's password may be a part of `sslpassword`, or of the scheme.
        let isElsewhere =
            "postgresql://".contains(secret)
            || url.parameters.contains { ($0.keyword + "=" + $0.shown).contains(secret) }
        require(secret.utf8.count < 4 || isElsewhere || !shown.contains(secret), "no password is shown")
        require(parameter.shown == "***", "a password is shown as stars")
    }
    return 0
}

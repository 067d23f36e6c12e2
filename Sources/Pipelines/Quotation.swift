/// Text from a file as it may stand in a message: in quotes, on one line, of bounded length, and without a
/// character that could move the cursor or hide what stands beside it.
func quotation(_ text: String) -> String {
    let limit = 80
    var shown = "\""
    for scalar in text.unicodeScalars.prefix(limit) {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned:
            shown += "\\u{" + String(scalar.value, radix: 16) + "}"
        default:
            shown.unicodeScalars.append(scalar)
        }
    }
    let isCut = text.unicodeScalars.dropFirst(limit).first != nil
    return shown + (isCut ? "…\"" : "\"")
}

/// The sentence's end that names what was probably meant, or everything there is.
func hint(for name: String, among known: [String]) -> String {
    if let meant = nearest(to: name, among: known) { return "did you mean \(quotation(meant))?" }
    return known.isEmpty ? "there are none" : "there are " + known.map(quotation).joined(separator: ", ")
}

/// Text that must never be shown: however it is printed, it prints as `***`.
struct Secret: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    private let text: String

    init(_ text: String) {
        self.text = text
    }

    /// The text itself, for the one place that hands it on. The name makes every use stand out.
    func revealed() -> String { text }

    var description: String { "***" }
    var debugDescription: String { "***" }
    // Without this, `dump` and string interpolation of a surrounding struct would walk into the text.
    var customMirror: Mirror { Mirror(self, children: [], displayStyle: .struct) }
}

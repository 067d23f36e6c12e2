/// Why a URL was refused. No case holds any part of the URL but names from our own lists.
enum DatabaseURLError: Error, Equatable {
    case blank
    case quoted
    case whiteSpaceOrControl
    case notAURL
    /// Another database's URL; the name is from a list of well-known ones.
    case otherDatabase(String?)
    case unknownDriver
    /// A character that could belong to the password or end it.
    case ambiguous(Ambiguous)
    case percent(Part)
    case nul(Part)
    case notUTF8(Part)
    case brackets
    case host
    case port
    /// A query parameter, counted from one, that libpq does not know.
    case unknownParameter(Int, nearest: String?)
    case parameterWithoutValue(Int)
    case statedTwice(String)
    case replication
    case sslIsNotAMode
    case badValue(String, among: [String])

    /// A part of a URL.
    enum Part: String {
        case user, password, host, database, query
    }

    /// The characters that a password must not hold as they are.
    enum Ambiguous: Character {
        case at = "@", slash = "/", hash = "#"

        /// What to write instead.
        var encoded: String {
            switch self {
            case .at: "%40"
            case .slash: "%2F"
            case .hash: "%23"
            }
        }
    }
}

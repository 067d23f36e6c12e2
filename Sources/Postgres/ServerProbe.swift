import CLibPQ

/// Asks, without a login, whether a server takes connections at a Unix socket.
public enum ServerProbe {
    /// What a server said to the question.
    public enum Answer: Sendable, Equatable {
        /// It takes connections.
        case accepting
        /// It is there, and is starting up, shutting down or recovering.
        case refusing
        /// Nobody listens there.
        case silent
    }

    /// The answer of the server whose socket lies in a directory.
    ///
    /// Never waits longer than two seconds, and leaves nothing but a line in the server's log.
    public static func ask(socketDirectory: String, port: Int, user: String) -> Answer {
        // An empty `hostaddr` keeps PGHOSTADDR, where it is set, from leading the question elsewhere.
        let parameters = [
            ("host", socketDirectory), ("hostaddr", ""), ("port", String(port)), ("user", user),
            ("dbname", "postgres"), ("connect_timeout", "2"),
        ]
        return ask(parameters[...], keywords: [], values: [])
    }

    /// Gathers pointers that live as long as the call on the innermost level, then makes it.
    private static func ask(
        _ parameters: ArraySlice<(String, String)>,
        keywords: [UnsafePointer<CChar>?], values: [UnsafePointer<CChar>?]
    ) -> Answer {
        guard let (keyword, value) = parameters.first else {
            switch PQpingParams(keywords + [nil], values + [nil], 0) {
            case PQPING_OK: return .accepting
            case PQPING_REJECT: return .refusing
            default: return .silent
            }
        }
        return keyword.withCString { keyword in
            value.withCString { value in
                ask(parameters.dropFirst(), keywords: keywords + [keyword], values: values + [value])
            }
        }
    }
}

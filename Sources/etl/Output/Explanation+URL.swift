extension Explanation {
    /// Words for a URL that was refused; what stands in it is never repeated.
    static func words(_ problem: DatabaseURLError) -> String {
        switch problem {
        case .blank: "is empty"
        case .quoted: "begins with a quote"
        case .whiteSpaceOrControl: "holds white space or control characters"
        case .notAURL: "does not begin with postgresql://"
        case .otherDatabase(let name):
            name.map { "is a \($0) URL; this program works on PostgreSQL only" }
                ?? "does not begin with postgresql:// or postgres://"
        case .unknownDriver: "names a driver (after postgresql+) that is not known"
        case .ambiguous(let character):
            "holds a “\(character.rawValue)” that could belong to the password or end it"
        case .percent(let part): "has a % in its \(part.rawValue) that no two hexadecimal digits follow"
        case .nul(let part): "has a NUL byte (%00) in its \(part.rawValue)"
        case .notUTF8(let part): "has a \(part.rawValue) that is not UTF-8 once it is percent-decoded"
        case .brackets: "has square brackets that hold no IPv6 address"
        case .host: "has a character in its host that no host has"
        case .port: "has a port that is no number from 1 to 65535, or not one for each host"
        case .unknownParameter(let position, let nearest):
            "has a query parameter (number \(position)) that libpq does not know"
                + (nearest.map { "; did you mean \($0)?" } ?? "")
        case .parameterWithoutValue(let position):
            "has a query parameter (number \(position)) that is not one KEY=VALUE"
        case .statedTwice(let keyword): "states \(keyword) twice"
        case .replication: "asks for a replication connection"
        case .sslIsNotAMode: "has an ssl=… that does not say which sslmode is meant"
        case .badValue(let keyword, let names):
            "has a \(keyword) that is none of " + names.joined(separator: ", ")
        }
    }

    /// What to write instead.
    static func remedy(_ problem: DatabaseURLError) -> String {
        switch problem {
        case .blank: "set it to postgresql://USER@HOST/DATABASE?sslmode=verify-full, or remove it"
        case .quoted: "remove the quotes around the URL"
        case .whiteSpaceOrControl:
            "percent-encode what belongs to the password (a space is %20), remove the rest"
        case .ambiguous(let character):
            "percent-encode the password (and other parts): write \(character.encoded) for \(character.rawValue)"
        case .percent: "percent-encode the password: write %25 for %"
        case .host, .port, .notUTF8: "percent-encode the password, and check host and port"
        case .unknownDriver: "write postgresql://…"
        case .otherDatabase, .notAURL: "write postgresql://USER@HOST/DATABASE?sslmode=verify-full"
        case .brackets: "write an IPv6 address as [::1], and percent-encode brackets elsewhere"
        case .unknownParameter: "remove the parameter, or use libpq's name for it"
        case .parameterWithoutValue: "write %3D for = and %26 for & inside a value"
        case .sslIsNotAMode, .badValue: "write sslmode=verify-full (or require, verify-ca, disable)"
        case .nul, .statedTwice, .replication: "remove it from the URL"
        }
    }
}

extension Explanation {
    /// Words for a liberty that was taken with the settings.
    static func words(_ notice: DatabaseSettings.Notice) -> String {
        switch notice {
        case .url(.driverDropped(let driver)): "the URL's +\(driver) means nothing here and was dropped"
        case .url(.sslRenamed(let mode)): "the URL's ssl=\(mode) was taken as sslmode=\(mode)"
        case .notReadFromFile(let variable, let line):
            "\(variable) on line \(line) of .env is not read: only DATABASE_URL is taken from there"
        case .overruled(let variable): "\(variable) is ignored, because the URL names the host"
        case .serviceDecides:
            "a service is named: its file, which only libpq reads, decides about host and sslmode"
        }
    }
}

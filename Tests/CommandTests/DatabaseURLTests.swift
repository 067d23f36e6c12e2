import Testing

@testable import etl

@Suite("Database URLs")
struct DatabaseURLTests {
    @Test(
        "a URL states what libpq gets",
        arguments: [
            ("postgresql://", ""),
            ("postgres://", ""),
            ("POSTGRESQL://H/D", "host=H dbname=D"),
            ("PostGres://h", "host=h"),
            ("postgresql://h/", "host=h"),
            ("postgresql://h/db", "host=h dbname=db"),
            ("postgresql:///db", "dbname=db"),
            ("postgresql://u@h/db", "host=h user=u dbname=db"),
            ("postgresql://u@/db", "user=u dbname=db"),
            ("postgresql://u:p@h/db", "host=h user=u password=p dbname=db"),
            ("postgresql://u:@h/db", "host=h user=u dbname=db"),
            ("postgresql://:p@h/db", "host=h password=p dbname=db"),
            ("postgresql://u:a:b@h/db", "host=h user=u password=a:b dbname=db"),
            ("postgresql://u:a%40b%2Fc%23d%3Ae%25@h/db", "host=h user=u password=a@b/c#d:e% dbname=db"),
            ("postgresql://u:a+b@h/db", "host=h user=u password=a+b dbname=db"),
            ("postgresql://u:a%20b@h/db", "host=h user=u password=a·b dbname=db"),
            ("postgresql://u:%C3%A9@h/db", "host=h user=u password=é dbname=db"),
            ("postgresql://u:é@h/db", "host=h user=u password=é dbname=db"),
            ("postgresql://u:a&b=c@h/db", "host=h user=u password=a&b=c dbname=db"),
            ("postgresql://%75:p@h/d%62", "host=h user=u password=p dbname=db"),
            ("postgresql://h:1/db", "host=h port=1 dbname=db"),
            ("postgresql://h:65535/db", "host=h port=65535 dbname=db"),
            ("postgresql://h:/db", "host=h dbname=db"),
            ("postgresql://:5433/db", "port=5433 dbname=db"),
            ("postgresql://[::1]/db", "host=::1 dbname=db"),
            ("postgresql://[2001:db8::1]:5433/db", "host=2001:db8::1 port=5433 dbname=db"),
            ("postgresql://[fe80::1%25eth0]/db", "host=fe80::1%eth0 dbname=db"),
            ("postgresql://a,b/db", "host=a,b dbname=db"),
            ("postgresql://a:1,b:2/db", "host=a,b port=1,2 dbname=db"),
            ("postgresql://a:1,b/db", "host=a,b port=1, dbname=db"),
            ("postgresql://u@[::1]:1,b:2/db", "host=::1,b port=1,2 user=u dbname=db"),
            ("postgresql://%2Fvar%2Frun/db", "host=/var/run dbname=db"),
            ("postgresql:///db?host=/var/run", "dbname=db host=/var/run"),
            ("postgresql:///db?host=/var/run&port=5433", "dbname=db host=/var/run port=5433"),
            ("postgresql://?host=%2Ftmp", "host=/tmp"),
            ("postgresql://h?dbname=db", "host=h dbname=db"),
            ("postgresql://h/db?", "host=h dbname=db"),
            ("postgresql://h/db?sslmode=verify-full", "host=h dbname=db sslmode=verify-full"),
            ("postgresql://h/db?user=u&password=p", "host=h dbname=db user=u password=p"),
            ("postgresql://h/db?application_name=", "host=h dbname=db"),
            ("postgresql://h/db?options=-c%20a%3Db", "host=h dbname=db options=-c·a=b"),
            ("postgresql://h/db?%73slmode=require", "host=h dbname=db sslmode=require"),
            ("postgresql://h/db?ssl=require", "host=h dbname=db sslmode=require"),
            ("postgresql://h/db?ssl=disable", "host=h dbname=db sslmode=disable"),
            ("postgresql://h/db?ssl=verify-full", "host=h dbname=db sslmode=verify-full"),
            ("postgresql+asyncpg://u:p@h/db", "host=h user=u password=p dbname=db"),
            ("postgresql+psycopg://h/db", "host=h dbname=db"),
            ("postgresql+psycopg2://h/db", "host=h dbname=db"),
            ("POSTGRES+AsyncPG://h/db", "host=h dbname=db"),
        ])
    func understood(text: String, expected: String) throws {
        let url = try DatabaseURL(text)
        let stated = url.parameters.map { "\($0.keyword)=\($0.revealed().replacing(" ", with: "·"))" }
        #expect(stated.joined(separator: " ") == expected)
    }

    @Test("what was taken with liberty is told")
    func notices() throws {
        let url = try DatabaseURL("postgresql+asyncpg://h/db?ssl=require")
        #expect(url.notices == [.driverDropped("asyncpg"), .sslRenamed("require")])
        #expect(try DatabaseURL("postgresql://h/db?sslmode=require").notices.isEmpty)
    }

    @Test(
        "a URL that could mean two things, or nothing, is refused without a part of it",
        arguments: [
            ("", .blank),
            ("  ", .blank),
            ("\"postgresql://u:S3cr3t@h/db\"", .quoted),
            ("'postgresql://u:S3cr3t@h/db'", .quoted),
            (" postgresql://u:S3cr3t@h/db", .whiteSpaceOrControl),
            ("postgresql://u:S3cr3t@h/db\n", .whiteSpaceOrControl),
            ("postgresql://u:S3cr3t x@h/db", .whiteSpaceOrControl),
            ("postgresql://u:S3cr3t\u{1B}@h/db", .whiteSpaceOrControl),
            ("S3cr3t", .notAURL),
            ("u:S3cr3t@h/db", .notAURL),
            ("postgresql:u:S3cr3t@h/db", .notAURL),
            ("host=h password=S3cr3t", .whiteSpaceOrControl),
            ("postgresql:/u:S3cr3t@h/db", .notAURL),
            ("mysql://u:S3cr3t@h/db", .otherDatabase("mysql")),
            ("sqlite:///S3cr3t", .otherDatabase("sqlite")),
            ("MySQL+pymysql://u:S3cr3t@h/db", .otherDatabase("mysql")),
            ("S3cr3t://h/db", .otherDatabase(nil)),
            ("://u:S3cr3t@h", .otherDatabase(nil)),
            ("postgresql+S3cr3t://h/db", .unknownDriver),
            ("postgresql+://u:S3cr3t@h/db", .unknownDriver),
            ("postgresql://u:S3c@r3t@h/db", .ambiguous(.at)),
            ("postgresql://u:S3c/r3t@h/db", .ambiguous(.slash)),
            ("postgresql://u:S3c?r3t@h/db", .ambiguous(.slash)),
            ("postgresql://u:S3c#r3t@h/db", .ambiguous(.hash)),
            ("postgresql://u:S3cr3t@h/db#x", .ambiguous(.hash)),
            ("postgresql://u:S3c@r3t/x@h/db", .ambiguous(.at)),
            ("postgresql://u:S3cr3t@h/a/b", .ambiguous(.slash)),
            ("postgresql://u:S3cr3t@h/db?user=a@b", .ambiguous(.at)),
            ("postgresql://u:S3cr3t%@h/db", .percent(.password)),
            ("postgresql://u:S3cr3t%2@h/db", .percent(.password)),
            ("postgresql://u:S3cr3t%zz@h/db", .percent(.password)),
            ("postgresql://S3cr3t%zz@h/db", .percent(.user)),
            ("postgresql://u:S3cr3t@h%/db", .percent(.host)),
            ("postgresql://u:S3cr3t@h/d%xb", .percent(.database)),
            ("postgresql://u:S3cr3t@h/db?%x=1", .percent(.query)),
            ("postgresql://u:S3cr3t%00@h/db", .nul(.password)),
            ("postgresql://h/db?user=S3cr3t%00", .nul(.query)),
            ("postgresql://u:S3cr3t%FF@h/db", .notUTF8(.password)),
            ("postgresql://u:S3cr3t%C3%28@h/db", .notUTF8(.password)),
            ("postgresql://u:S3cr3t@[::1/db", .brackets),
            ("postgresql://u:S3cr3t@[]/db", .brackets),
            ("postgresql://u:S3cr3t@[h]/db", .brackets),
            ("postgresql://u:S3cr3t@[::1]x/db", .brackets),
            ("postgresql://u:S3cr3t@h;x/db", .host),
            ("postgresql://S3cr3t!/db", .host),
            ("postgresql://u:S3cr3t", .port),
            ("postgresql://u:S3cr3t/db", .port),
            ("postgresql://u:S3cr3t@h:0/db", .port),
            ("postgresql://u:S3cr3t@h:65536/db", .port),
            ("postgresql://u:S3cr3t@h:5432:1/db", .port),
            ("postgresql://u:S3cr3t@h:+1/db", .port),
            ("postgresql://u:S3cr3t@h/db?port=x", .port),
            ("postgresql://u:S3cr3t@a,b/db?port=1,2,3", .port),
            ("postgresql://h/db?S3cr3t=1", .unknownParameter(1, nearest: nil)),
            ("postgresql://h/db?user=u&sslmod=require", .unknownParameter(2, nearest: "sslmode")),
            ("postgresql://h/db?prepared_statement_cache_size=S3cr3t", .unknownParameter(1, nearest: nil)),
            ("postgresql://h/db?S3cr3t", .parameterWithoutValue(1)),
            ("postgresql://h/db?user=u&&port=1", .parameterWithoutValue(2)),
            ("postgresql://h/db?options=-cS3cr3t=1", .parameterWithoutValue(1)),
            ("postgresql://h/db?host=S3cr3t", .statedTwice("host")),
            ("postgresql://u:S3cr3t@h/db?password=S3cr3t", .statedTwice("password")),
            ("postgresql://h/db?ssl=require&sslmode=disable", .statedTwice("sslmode")),
            ("postgresql://h/db?replication=database", .replication),
            ("postgresql://u:S3cr3t@h/db?ssl=true", .sslIsNotAMode),
            ("postgresql://u:S3cr3t@h/db?ssl=false", .sslIsNotAMode),
            ("postgresql://u:S3cr3t@h/db?ssl=", .sslIsNotAMode),
            ("postgresql://h/db?sslmode=S3cr3t", .badValue("sslmode", among: ConnectionKeyword.sslModes)),
            ("postgresql://h/db?sslmode=", .badValue("sslmode", among: ConnectionKeyword.sslModes)),
        ] as [(String, DatabaseURLError)])
    func refused(text: String, expected: DatabaseURLError) {
        #expect(throws: expected) { try DatabaseURL(text) }
        let said =
            Explanation(.url(expected, from: .file(line: 3))).lines.joined(separator: "\n") + "\(expected)"
        #expect(!said.contains("S3c") && !said.contains("r3t"))
        #expect(said.contains(".env line 3"))
    }

    @Test(
        "however a URL is printed, its password is not",
        arguments: [
            ("postgresql://u:S3cr3t@h:1/db?sslmode=require", "postgresql://u:***@h:1/db?sslmode=require"),
            ("postgresql://u:S3cr3t@[::1]/db", "postgresql://u:***@/db?host=::1"),
            ("postgresql://u@h/db?sslpassword=S3cr3t", "postgresql://u@h/db?sslpassword=***"),
            ("postgresql:///db?password=S3cr3t&host=/tmp", "postgresql://:***@/db?host=/tmp"),
            ("postgresql://h", "postgresql://h"),
            ("postgresql://?service=x", "postgresql:///?service=x"),
        ])
    func redacted(text: String, expected: String) throws {
        let url = try DatabaseURL(text)
        #expect(url.redacted == expected)
        var dumped = ""
        dump(url, to: &dumped)
        #expect(!"\(url)\(String(reflecting: url))\(dumped)".contains("S3cr3t"))
    }
}

import Glibc
import Support
import Testing

@testable import etl

@Suite("The .env file")
struct EnvironmentFileTests {
    @Test(
        "a line states the value that the grammar says",
        arguments: [
            ("DATABASE_URL=x", "x"),
            ("DATABASE_URL=x\n", "x"),
            ("DATABASE_URL=x\r\n", "x"),
            ("\u{FEFF}DATABASE_URL=x", "x"),
            ("export DATABASE_URL=x", "x"),
            ("export\tDATABASE_URL=x", "x"),
            ("  DATABASE_URL = x  ", "x"),
            ("DATABASE_URL='x y'", "x y"),
            ("DATABASE_URL=\"x y\"", "x y"),
            ("DATABASE_URL= 'x' # comment", "x"),
            ("DATABASE_URL='x'\r\n", "x"),
            ("DATABASE_URL='a\"b'", "a\"b"),
            ("DATABASE_URL=\"a'b\"", "a'b"),
            ("DATABASE_URL=\"a\\\"b\\\\c\\nd\"", "a\"b\\c\\nd"),
            ("DATABASE_URL='a\\'", "a\\"),
            ("DATABASE_URL=\"x\ny\"", "x\ny"),
            ("DATABASE_URL=a#b", "a#b"),
            ("DATABASE_URL=#b", "#b"),
            ("DATABASE_URL=a #b", "a"),
            ("DATABASE_URL=a\t#b", "a"),
            ("DATABASE_URL= #b", ""),
            ("DATABASE_URL=", ""),
            ("DATABASE_URL=''", ""),
            ("DATABASE_URL=a$b${C}`d`", "a$b${C}`d`"),
            ("DATABASE_URL=\"a$b\"", "a$b"),
            ("DATABASE_URL=a=b", "a=b"),
            ("DATABASE_URL=a'b", "a'b"),
            ("DATABASE_URL=é", "é"),
            ("# DATABASE_URL=no\n\nOTHER='several\nDATABASE_URL=no\n'\nDATABASE_URL=yes", "yes"),
            ("junk line\nOTHER=x\nDATABASE_URL=x\nexport FOO\n", "x"),
            ("OTHER='x'y\nDATABASE_URL=x", "x"),
            ("MY_DATABASE_URL=no\nDATABASE_URL=x\nDATABASE_URL_2=no", "x"),
        ])
    func grammar(text: String, value: String) throws {
        #expect(try EnvironmentFile(Array(text.utf8)).databaseURL?.value.revealed() == value)
    }

    @Test("a value is known by the line on which it begins")
    func line() throws {
        let file = try EnvironmentFile(Array("# one\nA=\"\n\n\"\n\nDATABASE_URL=x\n".utf8))
        #expect(file.databaseURL?.line == 6)
    }

    @Test(
        "a file that could be misread is refused by line, without a word of it",
        arguments: [
            ("DATABASE_URL='S3cr3t", .unclosedQuote(line: 1)),
            ("A=\"x\nB=y\nDATABASE_URL=S3cr3t", .unclosedQuote(line: 1)),
            ("\nDATABASE_URL='x'S3cr3t", .textAfterQuote(line: 2)),
            ("DATABASE_URL='x'#S3cr3t", .textAfterQuote(line: 1)),
            ("DATABASE_URL: S3cr3t", .notAnAssignment(line: 1)),
            ("A=1\nDATABASE_URL S3cr3t", .notAnAssignment(line: 2)),
            ("database_url=S3cr3t", .notAnAssignment(line: 1)),
            ("export DATABASE_URL", .notAnAssignment(line: 1)),
            ("DATABASE_URL=S3cr3t\nA=1\nexport DATABASE_URL=S3cr3t", .statedTwice(lines: [1, 3])),
            ("DATABASE_URL=S3cr3t\0", .nul(line: 1)),
        ] as [(String, EnvironmentFile.Problem)])
    func refused(text: String, problem: EnvironmentFile.Problem) {
        #expect(throws: problem) { try EnvironmentFile(Array(text.utf8)) }
        #expect(!Explanation(.file(problem)).lines.joined().contains("S3cr3t"))
    }

    @Test("a value that is no text is refused")
    func notText() {
        #expect(throws: EnvironmentFile.Problem.notUTF8(line: 1)) {
            try EnvironmentFile(Array("DATABASE_URL=".utf8) + [0xFF])
        }
    }

    @Test("a file is read when only its owner can write to it, through a link of ours as well")
    func readable() throws {
        try inDirectory { directory in
            let path = directory + "/.env"
            #expect(try EnvironmentFileOpening.read(path) == nil)
            try write("DATABASE_URL=x", to: path, mode: 0o644)
            #expect(try EnvironmentFileOpening.read(path) == Array("DATABASE_URL=x".utf8))
            symlink(path, directory + "/link")
            #expect(try EnvironmentFileOpening.read(directory + "/link") == Array("DATABASE_URL=x".utf8))
        }
    }

    @Test("a file that others may write to is refused", arguments: [0o664, 0o646, 0o666, 0o620] as [mode_t])
    func writable(mode: mode_t) throws {
        try inDirectory { directory in
            try write("DATABASE_URL=x", to: directory + "/.env", mode: mode)
            #expect(throws: EnvironmentFileOpening.Refusal.writableByOthers(mode: mode)) {
                try EnvironmentFileOpening.read(directory + "/.env")
            }
        }
    }

    @Test("a directory, a FIFO and a huge file are refused")
    func otherFiles() throws {
        try inDirectory { directory in
            mkdir(directory + "/dir", 0o700)
            mkfifo(directory + "/fifo", 0o600)
            for name in ["dir", "fifo"] {
                #expect(throws: EnvironmentFileOpening.Refusal.notARegularFile) {
                    try EnvironmentFileOpening.read(directory + "/" + name)
                }
            }
            let huge = String(repeating: "x", count: EnvironmentFileOpening.maximumBytes + 1)
            try write(huge, to: directory + "/huge", mode: 0o600)
            #expect(throws: EnvironmentFileOpening.Refusal.tooLarge) {
                try EnvironmentFileOpening.read(directory + "/huge")
            }
        }
    }

    @Test("somebody else's file or link is refused", .enabled(if: geteuid() == 0))
    func foreign() throws {
        try inDirectory { directory in
            try write("DATABASE_URL=x", to: directory + "/.env", mode: 0o644)
            chown(directory + "/.env", 12345, 12345)
            #expect(throws: EnvironmentFileOpening.Refusal.foreignOwner(uid: 12345)) {
                try EnvironmentFileOpening.read(directory + "/.env")
            }
            try write("DATABASE_URL=x", to: directory + "/mine", mode: 0o644)
            symlink(directory + "/mine", directory + "/link")
            lchown(directory + "/link", 12345, 12345)
            #expect(throws: EnvironmentFileOpening.Refusal.foreignLink(uid: 12345)) {
                try EnvironmentFileOpening.read(directory + "/link")
            }
        }
    }
}

import Testing

@testable import etl

@Suite("Help")
struct HelpTests {
    @Test("help about the program lists every command and the options of all")
    func program() throws {
        #expect(
            Help.program == """
                etl: careful data migration inside PostgreSQL

                usage: etl COMMAND [ARGUMENT…] [OPTION…]

                commands:
                  run        run pipelines, or go on where they stopped
                  list       list the pipelines and their stages
                  status     show what is done, and how far
                  preflight  look for everything that would stand in a run's way
                  plan       show what a run would do, and what it would cost
                  verify     compare what was migrated with the source, row by row
                  catch-up   bring over what came, changed or vanished since
                  rejects    show the rows that could not be migrated, and why
                  retry      process rejected rows again after the data was mended
                  undo       take a run back: dropped columns return, what it made goes
                  purge      forget a run: its archives and its rows in the ledger
                  stop       ask a run, wherever it is, to stop in order
                  grants     print SQL for two roles that may do just what is needed
                  revision   write the file of a new revision
                  upgrade    apply revisions, up to a target
                  downgrade  take revisions back, down to a target
                  current    show what is applied: schema and data
                  history    list revisions, the newest first
                  heads      list the revisions that no other revises
                  branches   list the revisions that several others revise
                  show       show a revision and its file
                  stamp      say what is applied, and run nothing
                  merge      write the file of a revision that joins others
                  edit       open a revision's file in your editor
                  config     show every setting and where it came from
                  sandbox    a private PostgreSQL to try things on
                  help       help about a command

                options of every command:
                  --database-url URL           the database; else DATABASE_URL, .env, then what
                                               libpq finds
                  --project DIR                where pipelines/ and sql/ are; else the working
                                               directory
                  --schema NAME                the schema of the tables; else the pipeline's
                  --ledger-schema NAME         the schema of the ledger; else etl
                  --json                       events and results as JSON, one object a line, on
                                               stdout
                  --quiet                      nothing but results and errors
                  --log-file FILE              append every event and message to this file
                  --connect-timeout S          give up a connection attempt after S seconds;
                                               else 10
                  --statement-timeout S        give up a statement after S seconds, 0 never;
                                               else 300
                  --lock-timeout S             wait at most S seconds for a lock on a table;
                                               else 2
                  --max-outage S               how long a lost server is waited for; else 600
                  --max-document-bytes N       reject larger documents without fetching them;
                                               else 8MiB
                  --help                       help about the program, or about the command
                  --version                    the version of the program

                example:
                  etl help run
                """)
    }

    @Test("help about undo")
    func undoCommand() throws {
        #expect(
            try help("undo") == """
                etl undo: take a run back: dropped columns return, what it made goes

                usage: etl undo PIPELINE [OPTION…]

                options:
                  --confirm DATABASE           the database's name, where something is removed
                  --discard-new                remove what came or changed since the run, too

                example:
                  etl undo chapter-sections --confirm memoir

                Options of every command are listed by etl --help.
                """)
    }

    @Test("help about run")
    func runCommand() throws {
        #expect(
            try help("run") == """
                etl run: run pipelines, or go on where they stopped

                usage: etl run PIPELINE… [OPTION…]

                options:
                  --with STAGE …               run this optional stage too; PIPELINE:STAGE with
                                               several
                  --all                        every optional stage that is not destructive
                  --until STAGE                run up to and including this stage; a later run
                                               continues
                  --workers N                  workers, each with a connection; else twice half
                                               the cores, at least 2
                  --batch-rows N               at most N rows in a transaction; else 1000 to
                                               5000
                  --batch-bytes N              at most N bytes of documents in a transaction;
                                               else 8MiB, or a share of 16MiB
                  --max-rejects N              stop when more than N rejects are open; else
                                               never
                  --max-lag N                  wait while a standby is more than N bytes of WAL
                                               behind; else never
                  --max-wal-rate N             wait while the server writes more WAL a second;
                                               else never
                  --join                       help a run that is active already, here or
                                               elsewhere
                  --on-existing stop|keep|replace
                                               rows of other origin in the target that differ;
                                               else stop
                  --confirm DATABASE           the database's name, which destructive stages ask
                                               for
                  --accept-rejects N …         accept exactly N open rejects; PIPELINE=N with
                                               several pipelines
                  --accept-unmapped NAME,… …   accept to lose these keys that nothing reads; \\,
                                               is a comma in a name
                  --max-locked-rows N          rows that a drop brings over under its lock at
                                               most; else 5000
                  --no-archive                 keep no copy of the columns that are dropped;
                                               they cannot be brought back

                example:
                  etl run chapter-sections --until sections

                Options of every command are listed by etl --help.
                """)
    }

    @Test("help about list")
    func listCommand() throws {
        #expect(
            try help("list") == """
                etl list: list the pipelines and their stages

                usage: etl list [OPTION…]

                example:
                  etl list

                Options of every command are listed by etl --help.
                """)
    }

    @Test("help about status")
    func statusCommand() throws {
        #expect(
            try help("status") == """
                etl status: show what is done, and how far

                usage: etl status [PIPELINE] [OPTION…]

                options:
                  --watch                      show it again and again until nobody is at work

                example:
                  etl status chapter-sections --watch

                Options of every command are listed by etl --help.
                """)
    }

    @Test("help about rejects")
    func rejectsCommand() throws {
        #expect(
            try help("rejects") == """
                etl rejects: show the rows that could not be migrated, and why

                usage: etl rejects PIPELINE [OPTION…]

                options:
                  --export FILE                write the open rejects as JSON lines; - is stdout
                  --limit N                    show at most N; else 20

                example:
                  etl rejects chapter-sections --export rejects.jsonl

                Options of every command are listed by etl --help.
                """)
    }

    @Test("help about retry")
    func retryCommand() throws {
        #expect(
            try help("retry") == """
                etl retry: process rejected rows again after the data was mended

                usage: etl retry PIPELINE [OPTION…]

                example:
                  etl retry chapter-sections

                Options of every command are listed by etl --help.
                """)
    }

    @Test("help about stop")
    func stopCommand() throws {
        #expect(
            try help("stop") == """
                etl stop: ask a run, wherever it is, to stop in order

                usage: etl stop PIPELINE [OPTION…]

                example:
                  etl stop chapter-sections

                Options of every command are listed by etl --help.
                """)
    }

    @Test("help about config")
    func configCommand() throws {
        #expect(
            try help("config") == """
                etl config: show every setting and where it came from

                usage: etl config [OPTION…]

                example:
                  etl config --json

                Options of every command are listed by etl --help.
                """)
    }

    @Test("help about sandbox")
    func sandboxCommand() throws {
        #expect(
            try help("sandbox") == """
                etl sandbox: a private PostgreSQL to try things on

                usage: etl sandbox start|stop|url|psql [ARGUMENT…] [OPTION…]

                example:
                  etl sandbox psql -c 'table chapter_sections'

                Options of every command are listed by etl --help.
                """)
    }

    @Test("no line of help is wider than 80 columns")
    func width() {
        let texts = [Help.program] + CommandTable.commands.map(Help.text(for:))
        for line in texts.flatMap({ $0.split(separator: "\n") }) {
            #expect(DisplayWidth.columns(of: line) <= 80)
        }
    }

    @Test("every example in help is understood")
    func examples() throws {
        for entry in CommandTable.commands {
            let words = entry.example.split(separator: " ").map(String.init)
            #expect(words.first == "etl")
            #expect(throws: Never.self) { try Arguments.parse(Array(words.dropFirst())) }
        }
    }

    private func help(_ name: String) throws -> String {
        Help.text(for: try #require(CommandTable.command(named: name)))
    }
}

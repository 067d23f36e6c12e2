import Support
import Testing

extension Behaviour {
    @Suite struct DropGuardTests {
        /// Chapters with rejects and unmapped keys, migrated.
        private static let migrated = Task {
            let database = try await MemoirDatabase.holding(
                Chapters(rows: 200, seed: 21, key: .text, content: .text, images: .json, bad: 0.1, isCopied: true))
            #expect(try await database.etl("run", "chapter-sections").status == 3)
            return database
        }

        /// What is wrong with a consent.
        enum Mistake: String, CaseIterable, Sendable {
            case noConfirmation, otherDatabase, noRejects, tooFewRejects, tooManyRejects, noKeys, oneKeyTooFew
            case misspeltKey

            /// The arguments, where `losses` would be right.
            func arguments(_ name: String, _ losses: Losses) -> [String] {
                var (confirm, given) = (["--confirm", name], losses)
                switch self {
                case .noConfirmation: confirm = []
                case .otherDatabase: confirm = ["--confirm", "\(name)_"]
                case .noRejects: return confirm + given.keyArguments
                case .tooFewRejects: given.rejects -= 1
                case .tooManyRejects: given.rejects += 1
                case .noKeys: given.keys = []
                case .oneKeyTooFew: given.keys.removeLast()
                case .misspeltKey: given.keys.append(Array("verison".utf8))
                }
                return confirm + given.arguments
            }
        }

        @Test(
            "4: a drop is refused, and nothing gone, when its consent is not exactly right", arguments: Mistake.allCases
        )
        func mistakes(mistake: Mistake) async throws {
            let database = try await Self.migrated.value.copyWithRuns()
            let losses = try await database.losses(of: "sections")
            #expect(losses.rejects > 1 && losses.keys.count > 1)
            let drop = Workflow.Drop.chapterColumns
            let refused = try await database.start(drop.command + mistake.arguments(database.name, losses)).end()
            #expect(refused.status == 4, "\(refused.stderr)")
            #expect(refused.stderr.split(separator: "\n").last?.hasPrefix("next: ") == true, "\(refused.stderr)")
            #expect(try await database.columnsLeft(by: drop) == 2)
            #expect(try await database.count("etl.archives") == 0)

            // What was refused leaves the right consent as right as it was.
            let right = ["--confirm", database.name] + losses.arguments
            let dropped = try await database.start(drop.command + right).end()
            #expect(dropped.status == 0, "\(dropped.stderr)")
            #expect(try await database.columnsLeft(by: drop) == 0)
            let verdict = try await database.verdict("--source", MemoirDatabase.copiedChapters)
            #expect(verdict.hasSuffix(asContracted), "\(verdict)")
            #expect(try await database.count("etl.rejects where state = 'accepted'") == losses.rejects)
            #expect(try await database.count("etl.accepted_keys") == losses.keys.count)
        }

        @Test("all that is in the way is said at once: rejects and keys by number and name, with what to type")
        func allAtOnce() async throws {
            let database = try await Self.migrated.value.copyWithRuns()
            let losses = try await database.losses(of: "sections")
            let refused = try await database.start(Workflow.Drop.chapterColumns.command).end()
            #expect(refused.status == 4)
            #expect(refused.stderr.contains("--confirm \(database.name)"), "\(refused.stderr)")
            #expect(refused.stderr.contains("--accept-rejects \(losses.rejects)"), "\(refused.stderr)")
            for key in losses.keys {
                #expect(refused.stderr.holds(key), "\(String(decoding: key, as: UTF8.self)) in \(refused.stderr)")
            }
        }

        @Test("4: open rejects of the pictures of sections hold up the drop of section images until they are accepted")
        func rejectedPictures() async throws {
            let database = try await MemoirDatabase.holding(Chapters(rows: 60, seed: 22, bad: 0, covers: .every))
            #expect([0, 3].contains(try await database.etl("run", "chapter-sections").status))
            try await database.psql(
                """
                update chapter_sections set image = '[7]' where id in (
                    select id from chapter_sections where image is not null order by id limit 2)
                """)
            let pictures = try await database.etl("run", "memoir-images")
            #expect(pictures.status == 3, "\(pictures.stderr)")
            #expect(try await database.losses(of: "images").rejects == 2)
            let drop = Workflow.Drop.sectionImage
            let confirm = ["--confirm", database.name]
            for consent in [[], ["--accept-rejects", "1"], ["--accept-rejects", "3"]] {
                let refused = try await database.start(drop.command + confirm + consent).end()
                #expect(refused.status == 4, "\(consent): \(refused.stderr)")
                #expect(try await database.columnsLeft(by: drop) == 1)
            }
            let dropped = try await database.start(drop.command + confirm + ["--accept-rejects", "2"]).end()
            #expect(dropped.status == 0, "\(dropped.stderr)")
            #expect(try await database.columnsLeft(by: drop) == 0)
        }

        @Test(
            "4: what was written to the chapters after they were verified is brought over before they lose their columns",
            arguments: [
                ("update chapters set title = 'touched' where id = (select max(id) from chapters)", nil),
                ("update chapters set content = '[\"changed\"]' where id = (select max(id) from chapters)", "changed"),
                ("insert into chapters (id, content) values ('new', '[\"new\"]')", "new"),
            ])
        func changedSince(change: String, text: String?) async throws {
            let database = try await Self.migrated.value.copyWithRuns()
            let losses = try await database.losses(of: "sections")
            let drop = Workflow.Drop.chapterColumns
            let command = drop.command + ["--confirm", database.name] + losses.arguments
            try await database.psql(change)
            let dropped = try await database.start(command).end()
            #expect(dropped.status == 0 && dropped.stderr.contains("catch-up brought over 1"), "\(dropped.stderr)")
            #expect(try await database.columnsLeft(by: drop) == 0)
            if let text {
                #expect(
                    try await database.psql("select count(*) from chapter_sections where content = '\(text)'") == "1")
            }
        }

        @Test("2: consent without a stage that needs it is a mistake, and nothing is touched")
        func needless() async throws {
            let database = try await Self.migrated.value.copyWithRuns()
            for words in [["--confirm", database.name], ["--accept-rejects", "1"], ["--no-archive"]] {
                let result = try await database.start(["run", "chapter-sections"] + words).end()
                #expect(result.status == 2, "\(words): \(result.stderr)")
            }
        }

        @Test("--no-archive drops without a copy, and the ledger says so")
        func noArchive() async throws {
            let database = try await Self.migrated.value.copyWithRuns()
            let losses = try await database.losses(of: "sections")
            let consent = ["--confirm", database.name, "--no-archive"] + losses.arguments
            let dropped = try await database.start(Workflow.Drop.chapterColumns.command + consent).end()
            #expect(dropped.status == 0, "\(dropped.stderr)")
            #expect(try await database.psql("select relation is null from etl.archives") == "t")
            #expect(try await database.count("pg_class where relname like 'archive\\_%'") == 0)
            let verified = try await database.etl("verify", "chapter-sections")
            #expect(verified.status == 0, "\(verified.stderr)")
        }
    }
}

extension String {
    /// Whether some bytes are in it as they are: to a String é and e with an accent are the same.
    fileprivate func holds(_ bytes: [UInt8]) -> Bool {
        let all = Array(utf8)
        return all.indices.contains { all[$0...].starts(with: bytes) }
    }
}

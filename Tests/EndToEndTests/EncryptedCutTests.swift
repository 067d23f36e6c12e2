import Support
import Testing

extension Company {
    @Suite(.enabled(if: ServerFeature.tls.isThere, "the server was built without TLS")) struct EncryptedCutTests {
        @Test("an encrypted session that is cut at any byte changes nothing about how a run ends")
        func cuts() async throws {
            let server = try await EncryptedServer.start()
            try await server.show("right")
            let (content, total) = try await undisturbed(on: server)
            var numbers = SeededNumbers(seed: EndToEnd.seed)
            print("encrypted cuts: seed \(EndToEnd.seed)")
            for number in 0..<6 {
                let side = Proxy.Side.allCases[number % 2]
                let bytes = Int.random(in: 0..<(total[side] ?? 1), using: &numbers)
                let (database, proxy) = (try await chapters("cut_\(number)", on: server), try server.proxy())
                proxy.arm(.cut(afterBytes: bytes, from: side))
                let first = try await run(database, on: server, through: proxy)
                // The first session is not waited for: an address that never answered may be a wrong one.
                #expect([0, 2, 6].contains(first.status), "\(bytes) from \(side): \(first.stderr)")
                let second = try await run(database, on: server, through: try server.proxy())
                #expect(second.status == 0, "\(bytes) from \(side): \(second.stderr)")
                #expect(try await server.psql(Self.content, in: database) == content, "\(bytes) from \(side)")
            }
        }

        private static let content = "select id, chapter_id, order_index, content from chapter_sections order by 1"

        private func chapters(_ name: String, on server: EncryptedServer) async throws -> String {
            _ = try await server.psql("create database \(name)")
            _ = try await server.psql(
                """
                create table chapters (id bigint primary key, content jsonb, images jsonb);
                insert into chapters select i, to_jsonb(array['text ' || i, 'more']) from generate_series(1, 12) i
                """, in: name)
            return name
        }

        private func run(
            _ database: String, on server: EncryptedServer, through proxy: Proxy
        ) async throws -> ProgramResult {
            try await server.run("run", "chapter-sections", "--batch-rows", "4", database: database, through: proxy)
        }

        /// What a run ends in that nobody disturbs, and how many bytes each side says in it.
        private func undisturbed(on server: EncryptedServer) async throws -> (String, [Proxy.Side: Int]) {
            let (database, proxy) = (try await chapters("whole", on: server), try server.proxy())
            let whole = try await run(database, on: server, through: proxy)
            #expect(whole.status == 0, "\(whole.stderr)")
            let bytes = Dictionary(uniqueKeysWithValues: Proxy.Side.allCases.map { ($0, proxy.bytes(from: $0)) })
            return (try await server.psql(Self.content, in: database), bytes)
        }
    }
}

import Foundation
import Postgres
import Support

extension Memoir {
    /// Every migrated row and every cover, less what names the moment.
    func content() async throws -> String {
        try await psql(
            """
            select id, chapter_id, order_index, title, content, image, attributes from chapter_sections order by 2, 3;
            select id, cover_image from chapters order by 1
            """)
    }

    /// The content after a run.
    func migrated() async throws -> String {
        try await run()
        return try await content()
    }

    /// Everything that a run could have written, down to the row versions.
    func state() async throws -> String {
        try await psql(
            """
            select s.xmin, s.* from chapter_sections s order by s.id;
            select c.xmin, c.* from chapters c order by c.id;
            select c.xmin, c.n from \(ledger.quoted).chunks c order by n;
            select count(*) from \(ledger.quoted).audit
            """)
    }

    /// A script of the project, for running it by hand.
    func script(_ name: String) async throws -> String {
        try await blocking { [project] in
            try String(contentsOfFile: project + "/sql/" + name, encoding: .utf8)
        }
    }
}

import Postgres
import Support
import Testing

@Suite("What the server says about a failure")
struct ErrorFieldTests {
    @Test("is given field by field")
    func fields() async throws {
        let error = try await refusal {
            try await withSession { session in
                _ = try session.value(
                    """
                    do $$ begin
                      raise exception 'the message' using errcode = '23514', detail = 'the detail', hint = 'the hint',
                        schema = 'the schema', table = 'the table', column = 'the column', constraint = 'the constraint';
                    end $$
                    """)
            }
        }
        #expect(error.severity == "ERROR")
        #expect(error.sqlstate == "23514")
        #expect(error.message == "the message")
        #expect(error.detail == "the detail")
        #expect(error.hint == "the hint")
        #expect(error.schema == "the schema")
        #expect(error.table == "the table")
        #expect(error.column == "the column")
        #expect(error.constraint == "the constraint")
        #expect(error.errorClass == .row)
        #expect(error.description == "ERROR: the message (SQLSTATE 23514)")
    }

    @Test("names the constraint that a row broke, and the table")
    func constraint() async throws {
        let error = try await refusal {
            try await withSession { session in
                _ = try session.value(
                    """
                    create table public.held (n int constraint only_one unique);
                    insert into public.held values (1), (1)
                    """)
            }
        }
        #expect(error.sqlstate == "23505")
        #expect([error.schema, error.table, error.constraint] == ["public", "held", "only_one"])
        #expect(error.detail == "Key (n)=(1) already exists.")
    }

    @Test("points to the place in the statement, counted in characters")
    func position() async throws {
        let error = try await refusal { try await withSession { _ = try $0.value("select 'é', nothing") } }
        #expect(error.sqlstate == "42703")
        #expect(error.position == 13)
    }

    @Test("keeps its severity in English whatever the server's language is, on one line")
    func oneLine() async throws {
        let error = try await refusal {
            try await withSession { _ = try $0.value("do $$ begin raise exception E'one\\n  two\\r\\nthree'; end $$") }
        }
        #expect(error.message == "one; two; three")
        #expect(error.severity == "ERROR")
    }
}

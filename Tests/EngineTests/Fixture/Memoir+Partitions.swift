extension Memoir {
    /// Chapters in two partitions.
    static func partitioned(_ numbers: ClosedRange<Int>) async throws -> Memoir {
        let memoir = try await Memoir()
        try await memoir.psql(
            """
            drop table chapters;
            create table chapters (id uuid primary key, content jsonb, images jsonb) partition by hash (id);
            create table chapters_0 partition of chapters for values with (modulus 2, remainder 0);
            create table chapters_1 partition of chapters for values with (modulus 2, remainder 1);
            \(chapters(numbers))
            """)
        return memoir
    }
}

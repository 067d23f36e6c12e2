import Support

/// What a command leaves, by what it does, as lines that can be compared.
enum CommandTrace {
    /// Chapters are moved again, each for itself.
    case moved
    /// The same where somebody wrote to what was moved: the judge has no word for that.
    case different
    /// A run is taken back, step by step.
    case undone
    /// A run is forgotten, all at once.
    case forgotten

    /// The command as it is given there, with consent where it takes it.
    func command(_ words: [String], on database: MemoirDatabase) -> [String] {
        let consent =
            switch self {
            case .moved, .different: [String]()
            case .undone, .forgotten: ["--confirm", database.name]
            }
        return words + consent + ["--max-outage", "5"]
    }

    /// What is at any moment as it was before the command, or as it is after it.
    func pieces(of database: MemoirDatabase) async throws -> Set<Substring> {
        switch self {
        case .moved, .different: try await database.lines(Self.chapters)
        case .undone: []
        case .forgotten: [Substring(try await ledger(of: database))]
        }
    }

    /// What is the same in the end, whatever happened.
    func end(of database: MemoirDatabase) async throws -> Set<Substring> {
        let hashes = try await database.hash(withParts: true, withStates: true).split(separator: "\n")
        switch self {
        case .moved, .different: return try await database.lines(Self.sums).union(hashes)
        case .undone:
            // Hashes of chapters, their columns, constraints and indexes; of the other tables where they are there.
            let tables = ["chapters", "chapter_sections", "memoir_images"]
            return Set(hashes.filter { line in tables.contains { line.contains($0) } })
        case .forgotten: return Set(hashes + [Substring(try await ledger(of: database))])
        }
    }

    /// What the judge says of the end, where he has a word for it.
    func verdict(on database: MemoirDatabase) async throws -> String {
        guard case .moved = self else { return asContracted }
        return try await database.check("--changed", "--complete", "--ended", "--no-sql-ids", "--source", "chapters")
    }

    /// The tables of the ledger's schema, the copies of what was dropped among them, and how many rows each has, but for who
    /// worked when.
    private func ledger(of database: MemoirDatabase) async throws -> String {
        let tables = try await database.psql(
            """
            select string_agg(format('select %L, count(*) from etl.%I', relname, relname), ' union all '
                              order by relname collate "C")
              from pg_class where relnamespace = 'etl'::regnamespace and relkind = 'r' and relname <> 'workers'
            """)
        return try await database.psql("\(tables) order by 1").replacing("\n", with: " ")
    }

    /// A line for each chapter with all that one transaction gives it; then what follows it there or in later ones.
    private static let chapters = """
        select 'chapter', to_json(c.id), md5(c::text),
               (select md5(string_agg(row(s.id, order_index, s.title, s.content, image, attributes)::text, ' '
                                      order by order_index))
                  from chapter_sections s where chapter_id = c.id),
               array(select r.code from etl.rejects r
                      where r.key = to_jsonb(c.id::text) and r.stage = 'sections' and r.state <> 'resolved')
          from chapters c;
        select 'reject', stage, key, code from etl.rejects where state <> 'resolved' and stage <> 'sections';
        select 'picture', id, md5(row(chapter_id, section_id, url, caption, width, height, attributes)::text)
          from memoir_images;
        select 'picture of', id, image_id from chapter_sections where image_id is not null
        """

    /// What the ledger counts.
    private static let sums = """
        select pipeline, stage, sum(read), sum(migrated), sum(empty), sum(rejected), sum(gone), sum(stale), sum(wrong),
               sum(extra), sum(others), sum(c.target_rows), sum(length(fates))
          from etl.chunks c join etl.runs r on r.id = run_id group by 1, 2;
        select pipeline, stage, name, sum(count) from etl.unmapped u join etl.runs r on r.id = run_id group by 1, 2, 3;
        select pipeline, stage, key, code, j.state from etl.rejects j join etl.runs r on r.id = run_id
        """
}

extension MemoirDatabase {
    /// The rows that some SQL gives, as psql prints them; none may hold a line break.
    fileprivate func lines(_ sql: String) async throws -> Set<Substring> {
        Set(try await psql(sql).split(separator: "\n"))
    }
}

import Engine
import Pipelines
import Postgres
import Support

extension Memoir {
    /// Takes the pipeline's run back; in the database's name, unless it is said otherwise.
    @discardableResult
    func undo(
        confirming: Bool = true, discardsNew: Bool = false, reporter: any Reporter = Recorder(),
        interruption: Interruption = Interruption()
    ) async throws -> UndoResult {
        try await blocking {
            let request = UndoRequest(
                pipeline: try loaded(), schema: schema,
                later: later(),
                database: confirming ? database.name : nil, discardsNew: discardsNew, limits: limits)
            return try Undo(site: site(reporter, interruption), request: request).perform()
        }
    }

    /// Forgets the pipeline's run.
    @discardableResult
    func purge(confirming: Bool = true) async throws -> PurgeResult {
        try await blocking {
            try Purge(
                site: site(Recorder()), pipeline: try loaded(), schema: schema,
                later: later(),
                database: confirming ? database.name : nil
            ).perform()
        }
    }

    private func later() -> [String] {
        dependents.map(\.name).reversed()
    }

    /// All three pipelines, the newest first.
    var newestFirst: [Memoir] {
        ["section-image-id", "memoir-images", "chapter-sections"].map { of($0) }
    }

    /// Everything in the schema that an application could tell apart: tables with their columns by name, what hangs on
    /// them, what is said of them, and every row. The order of columns is no part of it.
    func picture() async throws -> String {
        try await psql(
            """
            select 'column', attrelid::regclass, attname, format_type(atttypid, atttypmod), attnotnull, attstorage,
                   attcompression, attstattarget, attoptions, attacl, attgenerated, attidentity, attcollation::regcollation,
                   pg_get_expr(adbin, adrelid), col_description(attrelid, a.attnum)
              from pg_attribute a join pg_class c on c.oid = attrelid
              left join pg_attrdef d on (adrelid, adnum) = (attrelid, a.attnum)
             where relnamespace = 'public'::regnamespace and relkind in ('r', 'v', 'm', 'p') and a.attnum > 0
               and not attisdropped order by 2::text, 3;
            select 'relation', relname, relkind, relacl, relreplident, spcname, reloptions, obj_description(c.oid, 'pg_class')
              from pg_class c left join pg_tablespace s on s.oid = reltablespace
             where relnamespace = 'public'::regnamespace order by 2;
            select 'index', pg_get_indexdef(indexrelid), indisvalid, indisclustered, indisreplident,
                   array(select attstattarget from pg_attribute where attrelid = indexrelid order by attnum)
              from pg_index i join pg_class c on c.oid = indrelid
             where relnamespace = 'public'::regnamespace order by 2;
            select 'constraint', conrelid::regclass, conname, convalidated, pg_get_constraintdef(oid),
                   obj_description(oid, 'pg_constraint') from pg_constraint
             where connamespace = 'public'::regnamespace order by 2::text, 3;
            select 'statistics', pg_get_statisticsobjdef(oid), stxstattarget, obj_description(oid, 'pg_statistic_ext')
              from pg_statistic_ext order by 2;
            select 'trigger', pg_get_triggerdef(oid) from pg_trigger where not tgisinternal order by 2;
            select format('select %L, count(*), md5(string_agg(line, chr(10) order by line)) from (select concat_ws(''|'', %s) as line from %s) r',
                          c.oid::regclass,
                          (select string_agg(format('coalesce(%I::text, ''(null)'')', attname), ', ' order by attname)
                             from pg_attribute where attrelid = c.oid and attnum > 0 and not attisdropped),
                          c.oid::regclass)
              from pg_class c where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') order by relname \\gexec
            """)
    }

    /// What is in one picture of the schema and not in another.
    static func differences(_ one: String, _ other: String) -> [String] {
        let lines = (one.split(separator: "\n"), other.split(separator: "\n"))
        return lines.0.filter { !lines.1.contains($0) }.map { "- \($0)" }
            + lines.1.filter { !lines.0.contains($0) }.map { "+ \($0)" }
    }
}

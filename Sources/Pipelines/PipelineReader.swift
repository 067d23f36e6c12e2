import JSON
import Postgres

/// Reads a pipeline file as a whole, so that all of its problems are told at once.
struct PipelineReader {
    private let name: String
    private let files: ProjectFiles
    private let catalog: PipelineCatalog
    private let problems: ProblemList

    /// A reader for the pipeline that `name` calls, in the file that must hold it.
    init(name: String, file: String, files: ProjectFiles, catalog: PipelineCatalog) {
        self.name = name
        self.files = files
        self.catalog = catalog
        problems = ProblemList(file: file)
    }

    /// The pipeline that these bytes describe.
    func read(_ bytes: [UInt8]) throws(PipelineError) -> Pipeline {
        let pipeline = document(bytes).flatMap(pipeline)
        if let error = problems.error { throw error }
        guard let pipeline else {
            preconditionFailure("a pipeline that was not read left no problem")
        }
        return pipeline
    }

    private func document(_ bytes: [UInt8]) -> LocatedValue? {
        do throws(ConfigurationError) {
            return try ConfigurationFile.read(bytes)
        } catch {
            problems.add(line: error.line, error.problem)
            return nil
        }
    }

    private func pipeline(_ value: LocatedValue) -> Pipeline? {
        guard let object = ObjectReader(value, subject: "the pipeline", problems: problems) else { return nil }
        object.expectKeys(PipelineKeys.pipeline, of: "a pipeline")
        let declared = object.string("name")
        if let declared, !declared.utf8.elementsEqual(name.utf8) {
            object.complain(about: "name", "must be the file's, \(quotation(name)), not \(quotation(declared))")
        }
        let title = object.sentence("title")
        let schema = object.identifier("schema", .optional)
        let needs = NeedsReader(pipeline: name, catalog: catalog).read(object)
        let rivals = RivalsReader(pipeline: name, catalog: catalog).read(object)
        let stages = stages(of: object, needs: needs)
        guard declared != nil, let title, let needs, let rivals, let stages else { return nil }
        return Pipeline(
            name: name, title: title, schema: schema, needs: needs, rivals: rivals, stages: stages, file: problems.file)
    }

    private func stages(of object: ObjectReader, needs: [String]?) -> [Stage]? {
        guard let elements = object.array("stages") else { return nil }
        let others = OtherPipelines(own: name, needs: needs, catalog: catalog)
        var reader = StageReader(files: files, others: others, problems: problems)
        for (index, element) in elements.enumerated() { reader.read(element, number: index + 1) }
        StageConflicts.tell(reader.stages, problems: problems)
        return reader.stages.count == elements.count ? reader.stages : nil
    }
}

/// The pipelines that one needs, to whose streams it may refer.
struct OtherPipelines {
    let own: String
    /// Nil when something is wrong with what it needs: nothing is read then, because it could lead in a circle.
    let needs: [String]?
    let catalog: PipelineCatalog

    /// The stream stage that the keys `pipeline` and `stage` of a proof name; nil when that leaves a problem.
    func stream(of proof: ObjectReader) -> (pipeline: String, stage: Stage)? {
        guard let name = proof.string("pipeline"), let stage = proof.string("stage"), let needs else { return nil }
        guard name != own else {
            proof.complain(about: "pipeline", "is this one; leave it out")
            return nil
        }
        guard needs.contains(name) else {
            let hint = hint(for: name, among: needs)
            proof.complain(about: "pipeline", "\(quotation(name)) is not among what this one \"needs\"; \(hint)")
            return nil
        }
        guard let pipeline = try? catalog.load(name) else {
            let file = PipelineCatalog.file(of: name)
            proof.complain(about: "pipeline", "cannot be read: \(file) has problems of its own: etl list")
            return nil
        }
        return stream(stage, of: pipeline, proof).map { (name, $0) }
    }

    private func stream(_ name: String, of pipeline: Pipeline, _ proof: ObjectReader) -> Stage? {
        let streams = pipeline.stages.filter { $0.work.kind == StageKind.stream.rawValue }
        guard let stage = pipeline.stages.first(where: { $0.name == name }) else {
            let hint = hint(for: name, among: streams.map(\.name))
            proof.complain(about: "stage", "names \(quotation(name)), which \(pipeline.name) does not have; \(hint)")
            return nil
        }
        guard streams.contains(stage) else {
            proof.complain(
                about: "stage",
                "names \(quotation(name)), a \(stage.work.kind) stage; of another pipeline only streams can be proven")
            return nil
        }
        guard !stage.isOptional else {
            proof.complain(about: "stage", "names \(quotation(name)), which is optional and may never have run")
            return nil
        }
        return stage
    }
}

import JSON
import Postgres

/// Reads what is particular to a verify stage.
struct VerificationReader {
    let stage: ObjectReader
    let earlier: EarlierStages
    let others: OtherPipelines
    let scripts: ScriptReader
    let problems: ProblemList

    /// The verification; nil when it, or a stage that it names, leaves a problem.
    func read() -> Verification? {
        guard let elements = stage.array("proofs") else { return nil }
        var proofs: [Proof] = []
        for (index, element) in elements.enumerated() {
            let subject = "proof \(index + 1) of \(stage.subject)"
            guard let object = ObjectReader(element, subject: subject, problems: problems) else { continue }
            object.expectKeys(PipelineKeys.proof, of: "a proof")
            guard let proof = proof(object) else { continue }
            if proofs.contains(where: { $0.pipeline == proof.pipeline && $0.stage == proof.stage }) {
                object.complain(about: "stage", "names \(quotation(proof.stage)), of which there is a proof already")
            }
            proofs.append(proof)
        }
        return proofs.count == elements.count ? Verification(proofs: proofs) : nil
    }

    private func proof(_ object: ObjectReader) -> Proof? {
        let pipeline: String?
        let stage: Stage
        if object.has("pipeline") {
            guard let other = others.stream(of: object) else { return nil }
            (pipeline, stage) = other
        } else {
            guard let own = earlier.stage("stage", of: object, kinds: [.stream, .batch]) else { return nil }
            (pipeline, stage) = (nil, own)
        }
        return subject(stage.work, object).map { Proof(pipeline: pipeline, stage: stage.name, subject: $0) }
    }

    /// A stream is its own proof: its rows can be made again. What a batch should have done only a query can tell.
    private func subject(_ work: Work, _ object: ObjectReader) -> Proof.Subject? {
        switch work {
        case .stream(let stream):
            guard !object.has("sql") else {
                object.complain(about: "sql", "is for batch stages; a stream is proven by doing it again")
                return nil
            }
            return .stream(stream)
        case .batch(let batch):
            return scripts.statement(of: object, for: .proof).map { .batch(batch, differences: $0) }
        case .check, .sql, .constraints, .verify, .retire: return nil
        }
    }
}

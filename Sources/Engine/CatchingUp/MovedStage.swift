import Ledger
import Pipelines
import Postgres

/// A stage of some run that moved rows, which can be moved again.
struct MovedStage {
    enum Work {
        case stream(Pipelines.Stream)
        /// A batch, and the statement that finds the rows that are not as it leaves them.
        case batch(SQLBatch, differences: RangedStatement?)
    }

    let pipeline: String
    let name: String
    let work: Work

    /// The table that it reads.
    var table: Identifier {
        switch work {
        case .stream(let stream): stream.source.table
        case .batch(let batch, _): batch.table
        }
    }

    /// Whether two are the same stage.
    func isSame(as other: MovedStage) -> Bool { pipeline == other.pipeline && name == other.name }

    /// The stages whose work a pipeline relies on, in the order in which they have to be caught up: those of other pipelines
    /// that it verifies, its own, and those of pipelines that build on it.
    static func all(of pipeline: Pipeline, dependents: [Pipeline]) -> [MovedStage] {
        var stages: [MovedStage] = []
        for stage in pipeline.stages {
            guard case .verify(let verification) = stage.work else { continue }
            for proof in verification.proofs {
                guard let other = proof.pipeline, case .stream(let stream) = proof.subject else { continue }
                stages.append(MovedStage(pipeline: other, name: proof.stage, work: .stream(stream)))
            }
        }
        stages += ([pipeline] + dependents).flatMap(own)
        var known: [MovedStage] = []
        for stage in stages where !known.contains(where: stage.isSame) { known.append(stage) }
        return known
    }

    /// A pipeline's own stages that move rows.
    static func own(of pipeline: Pipeline) -> [MovedStage] {
        pipeline.stages.compactMap { stage in
            switch stage.work {
            case .stream(let stream): MovedStage(pipeline: pipeline.name, name: stage.name, work: .stream(stream))
            case .batch(let batch):
                MovedStage(
                    pipeline: pipeline.name, name: stage.name,
                    work: .batch(batch, differences: pipeline.differences(of: stage.name)))
            case .check, .sql, .constraints, .verify, .retire: nil
            }
        }
    }
}

extension Pipeline {
    /// The statement by which the pipeline proves what one of its batches did.
    func differences(of stage: String) -> RangedStatement? {
        for other in stages {
            guard case .verify(let verification) = other.work else { continue }
            for proof in verification.proofs where proof.pipeline == nil && proof.stage == stage {
                if case .batch(_, let differences) = proof.subject { return differences }
            }
        }
        return nil
    }
}

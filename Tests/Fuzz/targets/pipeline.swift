@testable import Pipelines

/// A pipeline file, over the scripts of this project: it becomes a pipeline, or all that is wrong with it is told.
@_cdecl("LLVMFuzzerTestOneInput")
public func check(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    let reader = PipelineReader(
        name: "seed", file: "pipelines/seed.json", files: ProjectFiles(directory: "."),
        catalog: PipelineCatalog(project: "."))
    do {
        let pipeline = try reader.read(bytes)
        for stage in pipeline.stages { require(!stage.canonicalDefinition.isEmpty, "a stage has a definition") }
    } catch {
        require(!error.problems.isEmpty, "what is refused has a problem")
        require(error.problems.allSatisfy { !$0.message.isEmpty }, "a problem has words")
    }
    return 0
}

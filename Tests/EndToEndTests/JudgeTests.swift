import Support
import Testing

extension Behaviour {
    @Suite struct JudgeTests {
        @Test(
            "the judge's recomputation agrees with the cases of the contract, and with those of pictures",
            arguments: [("recompute.py", "sections.jsonl"), ("memoir_images.py", "pictures.jsonl")])
        func cases(script: String, file: String) async throws {
            let path = "\(packageDirectory)/Tests/TransformsTests/Cases/\(file)"
            let result = try await Judge.run(script, ["--cases", path])
            #expect(result.status == 0 && result.output.hasSuffix(" passed, 0 failed\n"), "\(result.output)")
        }
    }
}

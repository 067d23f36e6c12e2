import Foundation
import Synchronization
import Testing

@testable import Engine

@Suite("Documents of very many parts")
struct AmpleDocumentTests {
    @Test(
        "are known by their commas and line ends, however those are spelt, and not by their size",
        arguments: [("a,", true), ("a\n", true), (#"a\n"#, true), ("abcd", false)])
    func known(part: String, isAmple: Bool) {
        var text = String(repeating: part, count: 100_001)
        text.withUTF8 { #expect(AmpleDocuments.areAmple([nil, UnsafeRawBufferPointer($0)]) == isAmple) }
    }

    @Test("are held by one worker at a time, until its batch is written")
    func oneAtATime() {
        let documents = AmpleDocuments()
        var batch = Batch()
        batch.turn = documents.turn()
        #expect(batch.turn != nil)
        let order = Mutex<[String]>([])
        let (begun, done) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        Thread.detachNewThread {
            begun.signal()
            let turn = documents.turn()
            order.withLock { $0.append(turn == nil ? "nobody" : "the second") }
            done.signal()
        }
        begun.wait()
        order.withLock { $0.append("the first is over") }
        batch.removeAll()
        done.wait()
        #expect(order.withLock { $0 } == ["the first is over", "the second"])
    }
}

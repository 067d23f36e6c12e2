import Support

extension Memoir {
    /// The same through a network that loses the answer to every third COMMIT: by the first after that a new session introduces
    /// itself, and by the second the same work is tried again.
    func losingAnswers() throws -> Memoir {
        let proxy = try Proxy(to: database.server)
        proxy.arm(.loseReplies(of: "etl", each: 3))
        var harmed = self
        harmed.proxy = proxy
        return harmed
    }
}

import Foundation
import Support
import Testing

extension Behaviour {
    @Suite(.enabled(if: ServerFeature.tls.isThere, "the server was built without TLS")) struct EncryptionTests {
        @Test("a server elsewhere that does not prove who it is gets nothing, and the reason is told")
        func proof() async throws {
            let server = try await EncryptedServer.start()
            let plain = try await server.status(server.trusted)
            #expect(plain.status == 2 && plain.stderr.contains("server does not support SSL"), "\(plain.stderr)")
            #expect(plain.stderr.contains("next: switch TLS on at the server"))
            #expect(try await server.status("sslmode=disable").status == 0)

            try await server.show("right")
            let right = try await server.status(server.trusted)
            #expect(right.status == 0, "\(right.stderr)")
            let wrongName = try await server.status(host: "other.test", server.trusted)
            #expect(wrongName.status == 2, "\(wrongName.stderr)")
            #expect(wrongName.stderr.contains(#"for "db.test" does not match host name "other.test""#))
            // What the operator states is what counts.
            #expect(try await server.status(host: "other.test", server.trusted, "sslmode=verify-ca").status == 0)

            try server.authority.revoke("right")
            let revoked = try await server.status(server.trusted, "sslcrl=\(server.authority.revocations)")
            #expect(revoked.status == 2 && revoked.stderr.contains("certificate verify failed"), "\(revoked.stderr)")

            for certificate in ["expired", "lonely"] {
                try await server.show(certificate)
                let result = try await server.status(server.trusted)
                #expect(result.status == 2, "\(certificate): \(result.stderr)")
                #expect(result.stderr.contains("certificate verify failed"))
                #expect(result.stderr.contains("in date and signed by the authority"))
                #expect(try await server.status("sslmode=require").status == 0)
            }
        }

        @Test("the authority's certificate is sought where libpq keeps it, and the path is told where it lacks")
        func rootCertificate() async throws {
            let server = try await EncryptedServer.start()
            try await server.show("right")
            let home = try Scratch()
            let lacking = try await server.status(variables: ["HOME": home.path])
            #expect(lacking.status == 2 && lacking.stderr.contains("sslrootcert=FILE"), "\(lacking.stderr)")
            #expect(lacking.stderr.contains(#"root certificate file "\#(home.path)/.postgresql/root.crt""#))
            let named = try await server.status("sslrootcert=/nowhere/ca.crt")
            #expect(named.status == 2 && named.stderr.contains("/nowhere/ca.crt"))
            try FileManager.default.createDirectory(
                atPath: "\(home.path)/.postgresql", withIntermediateDirectories: false)
            try FileManager.default.copyItem(
                atPath: server.authority.certificate, toPath: "\(home.path)/.postgresql/root.crt")
            #expect(try await server.status(variables: ["HOME": home.path]).status == 0)
        }

        @Test(
            "what somebody says who has not proven who he is moves no cursor and is not believed",
            arguments: [true, false])
        func words(isRemote: Bool) async throws {
            // An error of the server, in the place of the answer whether it has TLS.
            let text = "SFATAL\0VFATAL\0C28P01\0M\u{1B}[2J\u{9B}31m\u{7}trust me\r\u{202E}\0\0"
            let length = UInt32(text.utf8.count + 4).bigEndian
            let listener = try Listener(
                answering: [UInt8(ascii: "E")] + withUnsafeBytes(of: length) { Array($0) } + Array(text.utf8))
            let mode = isRemote ? "" : "&sslmode=disable"
            let place = "db.test:\(listener.port)/d?hostaddr=\(Listener.address)"
            let url = "postgresql://u:\(MemoirDatabase.canary)@\(place)\(mode)"
            for option in ["--quiet", "--json"] {
                let result = try await RunningProgram(
                    etlBinary, arguments: ["status", option],
                    environment: plainEnvironment.merging(["DATABASE_URL": url]) { $1 }
                ).end()
                #expect([2, 6].contains(result.status), "\(result.output)\(result.stderr)")
                let said = result.output + result.stderr
                #expect(said.contains("trust me") == !isRemote, "\(said)")
                #expect(said.unicodeScalars.allSatisfy { $0 == "\n" || (0x20..<0x7F).contains($0.value) }, "\(said)")
            }
        }

        @Test("bytes that come before the encryption begins end the attempt")
        func stuffed() async throws {
            let listener = try Listener(answering: Array("SR\0\0\0\u{8}\0\0\0\0".utf8))
            let url = "postgresql://u@db.test:\(listener.port)/d?hostaddr=\(Listener.address)"
            let result = try await RunningProgram(
                etlBinary, arguments: ["status"], environment: plainEnvironment.merging(["DATABASE_URL": url]) { $1 }
            ).end()
            #expect([2, 6].contains(result.status), "\(result.stderr)")
            #expect(result.stderr.contains("SSL"), "\(result.stderr)")
        }
    }
}

import Foundation
import Support

/// An authority that signs certificates, of a test's own, with keys and certificates in a directory of the test's.
struct Authority: Sendable {
    let directory: String

    /// Makes it.
    init(in directory: String) throws {
        self.directory = directory
        try """
        [ca]
        default_ca = ours
        [ours]
        new_certs_dir = \(directory)
        database = \(directory)/index.txt
        serial = \(directory)/serial
        default_md = sha256
        policy = names
        copy_extensions = copy
        unique_subject = no
        [names]
        commonName = supplied
        """.write(toFile: "\(directory)/ca.cnf", atomically: true, encoding: .utf8)
        try "".write(toFile: "\(directory)/index.txt", atomically: true, encoding: .utf8)
        try "01\n".write(toFile: "\(directory)/serial", atomically: true, encoding: .utf8)
        try makeItself("ca", host: "An authority of a test")
    }

    /// The file of its own certificate.
    var certificate: String { "\(directory)/ca.crt" }

    /// Makes a certificate for a host, and signs it; one that is not valid any more where that is asked for.
    func sign(_ name: String, host: String, isExpired: Bool = false) throws {
        try openssl(
            ["req", "-subj", "/CN=\(host)", "-addext", "subjectAltName=DNS:\(host)"] + Self.newKey
                + ["-keyout", "\(name).key", "-out", "\(name).csr"])
        let dates = isExpired ? ["20200101000000Z", "20200201000000Z"] : ["20200101000000Z", "20900101000000Z"]
        try openssl(
            ["ca", "-batch", "-notext", "-config", "ca.cnf", "-cert", "ca.crt", "-keyfile", "ca.key"]
                + ["-startdate", dates[0], "-enddate", dates[1], "-in", "\(name).csr", "-out", "\(name).crt"])
    }

    /// Makes a certificate for a host that nobody but itself has signed.
    func makeItself(_ name: String, host: String) throws {
        try openssl(
            ["req", "-x509", "-days", "30", "-subj", "/CN=\(host)", "-addext", "subjectAltName=DNS:db.test"]
                + Self.newKey + ["-keyout", "\(name).key", "-out", "\(name).crt"])
    }

    /// The file that says which certificates count no more.
    var revocations: String { "\(directory)/revoked.crl" }

    /// Takes a certificate back.
    func revoke(_ name: String) throws {
        let signer = ["ca", "-config", "ca.cnf", "-cert", "ca.crt", "-keyfile", "ca.key"]
        try openssl(signer + ["-revoke", "\(name).crt"])
        try openssl(signer + ["-gencrl", "-crldays", "30", "-out", "revoked.crl"])
    }

    private static let newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]

    private func openssl(_ arguments: [String]) throws {
        let result = try runProgram("openssl", arguments: arguments, directory: directory)
        guard result.status == 0 else { throw UnexpectedEnd(result) }
    }
}

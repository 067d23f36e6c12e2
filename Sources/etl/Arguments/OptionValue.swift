import Pipelines

/// Reads the values of options: whole words or nothing, never a guess.
enum OptionValue {
    /// Decimal digits only: no sign, no separators, no white space.
    static func integer(_ text: String, in range: ClosedRange<Int>) throws(ValueProblem) -> Int {
        guard isDigits(text), let number = Int(text), range.contains(number) else {
            throw .outside(range, unit: "")
        }
        return number
    }

    /// Digits, with an optional unit: kB, MB, GB (powers of 1000), KiB, MiB, GiB (powers of 1024).
    static func bytes(_ text: String, in range: ClosedRange<Int>) throws(ValueProblem) -> Int {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let factors = [
            "": 1, "b": 1, "kb": 1000, "mb": 1_000_000, "gb": 1_000_000_000, "kib": 1 << 10, "mib": 1 << 20,
            "gib": 1 << 30,
        ]
        guard !digits.isEmpty, let number = Int(digits),
            let factor = factors[text[digits.endIndex...].lowercased()],
            case (let bytes, false) = number.multipliedReportingOverflow(by: factor), range.contains(bytes)
        else { throw .outside(range, unit: "bytes (8388608, 8MB and 8MiB are understood)") }
        return bytes
    }

    /// Seconds, with at most three decimals.
    static func seconds(_ text: String, in range: ClosedRange<Int>) throws(ValueProblem) -> Duration {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        let decimals = parts.count == 2 ? String(parts[1]) : "0"
        guard isDigits(parts[0]), isDigits(decimals), decimals.utf8.count <= 3, let whole = Int(parts[0]),
            whole <= range.upperBound,
            let thousandths = Int(decimals + String(repeating: "0", count: 3 - decimals.utf8.count))
        else { throw .notSeconds(range) }
        let milliseconds = whole * 1000 + thousandths
        guard (range.lowerBound * 1000...range.upperBound * 1000).contains(milliseconds) else {
            throw .notSeconds(range)
        }
        return .milliseconds(milliseconds)
    }

    /// One of the values of an enum.
    static func choice<Choice: RawRepresentable & CaseIterable>(
        _ text: String, of: Choice.Type
    ) throws(ValueProblem) -> Choice where Choice.RawValue == String {
        if let choice = Choice(rawValue: text) { return choice }
        let names = Choice.allCases.map(\.rawValue)
        throw .notOneOf(names, nearest: nearest(to: text, among: names))
    }

    /// `STAGE`, or `PIPELINE:STAGE`.
    static func stage(_ text: String) throws(ValueProblem) -> StageReference {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(
            String.init)
        guard parts.allSatisfy({ !$0.isEmpty }), let last = parts.last else { throw .empty }
        return StageReference(pipeline: parts.count == 2 ? parts[0] : nil, stage: last)
    }

    /// `N`, or `PIPELINE=N`.
    static func acceptedRejects(_ text: String) throws(ValueProblem) -> AcceptedRejects {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(
            String.init)
        guard let last = parts.last, isDigits(last), let count = Int(last), !parts[0].isEmpty else {
            throw .notANumber(form: "N or PIPELINE=N")
        }
        return AcceptedRejects(pipeline: parts.count == 2 ? parts[0] : nil, count: count)
    }

    /// Names with commas between them; behind a backslash, a comma is part of a name.
    static func names(_ text: String) throws(ValueProblem) -> [String] {
        var names: [String] = []
        for part in text.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
            let part = String(decoding: part, as: UTF8.self)
            if let last = names.last, last.utf8.last == UInt8(ascii: "\\") {
                names[names.count - 1] = last.dropLast() + "," + part
            } else {
                names.append(part)
            }
        }
        guard names.allSatisfy({ !$0.isEmpty }) else { throw .empty }
        return names
    }

    private static func isDigits(_ text: some StringProtocol) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }
}

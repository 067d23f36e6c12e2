/// Numbers as people read them.
enum Quantity {
    /// `1,234,567`.
    static func grouped(_ number: Int64) -> String {
        let digits = Array(String(number.magnitude))
        var text = number < 0 ? "-" : ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { text += "," }
            text.append(digit)
        }
        return text
    }

    /// `1 reject`, `2 rejects`.
    static func counted(_ number: Int64, _ noun: String) -> String {
        grouped(number) + " " + noun + (number == 1 ? "" : "s")
    }

    /// `6.2%`, rounded down so that 100% is never said too early; nil when there is nothing to compare with,
    /// or more came than was planned for.
    static func percent(_ rows: Int64, of total: Int64?) -> String? {
        guard let total, total > 0, rows <= total, rows >= 0 else { return nil }
        let tenths = Int64(Double(rows) / Double(total) * 1000)
        return decimal(rows == total ? 1000 : min(tenths, 999)) + "%"
    }

    /// `850 rows/s`; with a decimal where there are few.
    static func rate(_ rowsPerSecond: Double) -> String {
        let tenths = Int64((max(0, rowsPerSecond) * 10).rounded(.down))
        return (tenths < 100 && tenths % 10 > 0 ? decimal(tenths) : grouped(tenths / 10)) + " rows/s"
    }

    /// `12.3 MB`.
    static func megabytes(_ bytes: Double) -> String {
        decimal(Int64(bytes / 100_000)) + " MB"
    }

    /// `512 B`, `12.3 KB`, `4.5 GB`; a thousand of one are the next.
    static func bytes(_ number: Int64) -> String {
        let units = ["KB", "MB", "GB", "TB"]
        guard number >= 1000 else { return "\(number) B" }
        var tenths = number / 100
        var unit = 0
        while tenths >= 10_000, unit + 1 < units.count {
            tenths /= 1000
            unit += 1
        }
        return "\(decimal(tenths)) \(units[unit])"
    }

    /// `0:07`, `12:34`, `3:04:05`; beyond four days only that.
    static func duration(_ seconds: Double) -> String {
        guard seconds < 4 * 86_400 else { return ">4 days" }
        let whole = Int(seconds.rounded(.up))
        let (hours, minutes) = (whole / 3600, whole / 60 % 60)
        let tail = twoDigits(whole % 60)
        return hours > 0 ? "\(hours):\(twoDigits(minutes)):\(tail)" : "\(minutes):\(tail)"
    }

    /// Seconds with one decimal: `6.2 s`.
    static func seconds(_ seconds: Double) -> String {
        decimal(Int64((max(0, seconds) * 10).rounded())) + " s"
    }

    /// `2026-11-21 07:18:19+00` of a moment as PostgreSQL prints it, which is to the microsecond.
    static func moment(_ text: String) -> String {
        guard let point = text.firstIndex(of: ".") else { return text }
        let zone = text[text.index(after: point)...].drop { $0.isASCII && $0.isNumber }
        return String(text[..<point] + zone)
    }

    private static func decimal(_ tenths: Int64) -> String {
        grouped(tenths / 10) + "." + String(tenths % 10)
    }

    private static func twoDigits(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}

/// Random numbers that a seed gives, the same ones everywhere and every time.
struct SeededNumbers {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
    }

    mutating func below(_ bound: Int) -> Int {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return Int(state >> 33) % bound
    }

    mutating func chance(_ percent: Int) -> Bool { below(100) < percent }

    mutating func one<T>(of choices: [T]) -> T { choices[below(choices.count)] }
}

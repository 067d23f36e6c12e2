/// Random numbers that a seed gives, the same ones everywhere and every time.
public struct SeededNumbers {
    private var state: UInt64

    /// Numbers that always follow from this seed.
    public init(seed: UInt64) {
        state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
    }

    /// A number from 0 up to one less than the bound.
    public mutating func below(_ bound: Int) -> Int {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return Int(state >> 33) % bound
    }

    /// True as often as that in a hundred.
    public mutating func chance(_ percent: Int) -> Bool { below(100) < percent }

    /// One of the choices.
    public mutating func one<T>(of choices: [T]) -> T { choices[below(choices.count)] }
}

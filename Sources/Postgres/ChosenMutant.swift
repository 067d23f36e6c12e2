import Glibc

extension Mutant {
    #if ETL_FAULTS
        private static let chosen = getenv("ETL_MUTANT").flatMap { String(validatingCString: $0) }.flatMap(Mutant.init)

        /// Whether this is the fault that the process has.
        public static func `is`(_ mutant: Mutant) -> Bool { mutant == chosen }
    #else
        /// Whether this is the fault that the process has: never.
        @inlinable @inline(__always)
        public static func `is`(_ mutant: Mutant) -> Bool { false }
    #endif
}

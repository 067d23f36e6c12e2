// swift-tools-version: 6.3
import PackageDescription

// The house, top to bottom. A module imports what stands below it and nothing beside or above it;
// HouseTests compare every `import` with this file.

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

// Only test builds can make a call to libpq fail, hang or cut; a release has no trace of it.
let seam: [SwiftSetting] = [.define("ETL_FAULTS", .when(configuration: .debug))]

let package = Package(
    name: "etl",
    products: [.executable(name: "etl", targets: ["etl"])],
    targets: [
        // C libraries: a module map each, nothing else.
        .systemLibrary(name: "CLibPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "CJSON", pkgConfig: "json-c", providers: [.apt(["libjson-c-dev"])]),
        .systemLibrary(name: "CLibUUID", pkgConfig: "uuid", providers: [.apt(["uuid-dev"])]),
        .systemLibrary(name: "CMalloc"),

        // What knows one thing only.
        .target(name: "Postgres", dependencies: ["CLibPQ"], swiftSettings: strict + seam),
        .target(name: "JSON", dependencies: ["CJSON"], swiftSettings: strict),

        // What knows pipelines.
        .target(name: "Pipelines", dependencies: ["JSON", "Postgres"], swiftSettings: strict),
        .target(name: "Transforms", dependencies: ["JSON", "Postgres", "CLibUUID"], swiftSettings: strict),
        .target(
            name: "Ledger", dependencies: ["Postgres"],
            resources: [.embedInCode("ledger.sql")], swiftSettings: strict),

        // What knows revisions. Engine and Revisions don't know each other.
        .target(
            name: "Revisions", dependencies: ["Postgres"],
            resources: [.embedInCode("Database/version.sql")], swiftSettings: strict),

        // What does the work.
        .target(
            name: "Engine", dependencies: ["Ledger", "Transforms", "Pipelines", "JSON", "Postgres"],
            swiftSettings: strict),
        .target(name: "PostgresSandbox", dependencies: ["Postgres"], swiftSettings: strict),

        // What people type.
        .executableTarget(
            name: "etl",
            dependencies: [
                "Engine", "Revisions", "Ledger", "Pipelines", "PostgresSandbox", "JSON", "Postgres", "CMalloc",
            ],
            swiftSettings: strict),

        // Tests: one target a module, then the built program, then the house itself.
        .target(
            name: "Support", dependencies: ["PostgresSandbox", "Postgres"], path: "Tests/Support", swiftSettings: strict
        ),
        .testTarget(name: "PostgresTests", dependencies: ["Postgres", "Support"], swiftSettings: strict + seam),
        .testTarget(name: "JSONTests", dependencies: ["JSON", "CJSON", "Postgres", "Support"], swiftSettings: strict),
        .testTarget(name: "PipelinesTests", dependencies: ["Pipelines", "Postgres"], swiftSettings: strict),
        .testTarget(
            name: "TransformsTests", dependencies: ["Transforms", "JSON", "Postgres", "Support"],
            resources: [.copy("Cases")], swiftSettings: strict),
        .testTarget(
            name: "RevisionsTests", dependencies: ["Revisions", "Postgres", "Support"],
            resources: [.copy("Alembic")], swiftSettings: strict),
        .testTarget(name: "LedgerTests", dependencies: ["Ledger", "Postgres", "Support"], swiftSettings: strict),
        .testTarget(
            name: "EngineTests",
            dependencies: [
                "Engine", "Ledger", "Pipelines", "Transforms", "PostgresSandbox", "JSON", "Postgres", "Support",
            ],
            swiftSettings: strict + seam),
        .testTarget(
            name: "PostgresSandboxTests", dependencies: ["PostgresSandbox", "Postgres", "Support"],
            swiftSettings: strict),
        .testTarget(
            name: "CommandTests",
            dependencies: ["etl", "Engine", "Pipelines", "Ledger", "JSON", "Postgres", "Support"],
            swiftSettings: strict),
        .testTarget(
            name: "EndToEndTests", dependencies: ["Postgres", "Support"],
            exclude: ["Judge", "Torture"], swiftSettings: strict),
        .testTarget(name: "HouseTests", dependencies: ["Support"], swiftSettings: strict),
    ]
)

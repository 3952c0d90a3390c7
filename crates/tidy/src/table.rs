//! The tables: everything about this house that a check cannot know by itself.
//!
//! A change here is a decision about the house and deserves its reason in the commit.

/// The most lines a Rust file may have: what one can take in at a sitting.
pub const LINES_MAX: usize = 400;

/// Who may know whom among the crates of this workspace: package, and the packages it may
/// depend on, in whatever kind of dependency. A package without a row is refused, so that
/// a new crate chooses its place. Nobody depends on `swell` or on `swell-tidy`.
pub const CRATES: &[(&str, &[&str])] = &[
    ("swell-core", &[]),
    ("swell-wide", &[]),
    ("swell-forecast", &["swell-core", "swell-wide"]),
    ("swell-fifo", &[]),
    ("swell-flow-client", &["swell-fifo"]),
    ("swell-trace", &["swell-core"]),
    ("swell-journal", &["swell-core"]),
    ("swell-outlook", &["swell-core", "swell-forecast"]),
    (
        "swell-sim",
        &["swell-core", "swell-forecast", "swell-journal", "swell-outlook", "swell-trace"],
    ),
    ("swell-api", &[]),
    ("swell-componentize", &[]),
    ("swell-samples", &["swell-componentize"]),
    ("swell-sandbox", &["swell-samples"]),
    ("swell-link", &[]),
    ("swell-content", &["swell-core", "swell-link"]),
    ("swell-consensus", &["swell-core", "swell-link"]),
    ("swell-site", &["swell-consensus", "swell-core", "swell-forecast", "swell-outlook"]),
    (
        "swell-node",
        &[
            "swell-api",
            "swell-consensus",
            "swell-content",
            "swell-core",
            "swell-fifo",
            "swell-forecast",
            "swell-journal",
            "swell-link",
            "swell-outlook",
            "swell-samples",
            "swell-sandbox",
            "swell-site",
        ],
    ),
    (
        "swell",
        &[
            "swell-api",
            "swell-componentize",
            "swell-content",
            "swell-core",
            "swell-fifo",
            "swell-flow-client",
            "swell-forecast",
            "swell-journal",
            "swell-link",
            "swell-node",
            "swell-outlook",
            "swell-samples",
            "swell-sandbox",
            "swell-sim",
            "swell-trace",
        ],
    ),
    ("swell-peers", &[]),
    ("swell-tidy", &[]),
];

/// Packages that state lints of their own instead of inheriting the workspace's.
pub const OWN_LINTS: &[&str] = &["swell-fifo", "swell-flow-client", "swell-sandbox", "swell-wide"];

/// How the files of one folder stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Siblings {
    /// Rival answers to one question, which do not know each other.
    Rivals {
        /// What all rivals may know (the question itself, the words of its answers). These
        /// may know each other, and none of the rest.
        below: &'static [&'static str],
        /// What knows the rivals, such as the list to choose from. No rival knows these.
        above: &'static [&'static str],
    },
    /// Parts of one thing, which may know each other as long as no loop comes of it.
    Parts,
}

/// How the files of a folder stand to each other, where they are not plain rivals. A
/// folder without a row holds rivals that share nothing; the root of a crate holds parts.
/// The names are those of files without `.rs`, or of folders.
pub const SIBLINGS: &[(&str, Siblings)] = &[
    ("crates/consensus/src/channel", Siblings::Parts),
    ("crates/consensus/src/memory", Siblings::Parts),
    ("crates/consensus/src/monitoring", Siblings::Parts),
    ("crates/consensus/src/raft", Siblings::Parts),
    ("crates/consensus/src/storage", Siblings::Parts),
    ("crates/core/src/cachegroup/prefetch", Siblings::Parts),
    ("crates/core/src/council", Siblings::Parts),
    ("crates/sim/src/cache/protocol", Siblings::Parts),
    (
        "crates/core/src/cloning",
        Siblings::Rivals {
            below: &[
                "lift",
                "skill",
                "balance",
                "uses",
                "prices",
                "view",
                "concurrency",
                "recent",
                "policy",
                "nearness",
                "expected",
                "lead",
                "scaling",
                "health",
                "rate",
                "short",
            ],
            above: &["catalog", "manager"],
        },
    ),
    (
        "crates/core/src/flow",
        Siblings::Rivals {
            below: &[
                "view",
                "indicator",
                "wait",
                "cost",
                "target",
                "weighing",
                "policy",
                "window",
                "cooldown",
                "size",
                "slots",
                "words",
                "affinity",
                "topology",
                "signs",
                "entry",
                "recorder",
                "counts",
            ],
            above: &["analyzer", "outcomes", "reasons", "choice", "replay", "said"],
        },
    ),
    (
        "crates/core/src/keepalive",
        Siblings::Rivals { below: &["keeper", "plan", "order", "by_function"], above: &[] },
    ),
    ("crates/core/src/cachegroup", Siblings::Parts),
    (
        "crates/content/src/objects",
        Siblings::Rivals { below: &["seam", "connector"], above: &["open"] },
    ),
    ("crates/node/src/content", Siblings::Parts),
    ("crates/core/src/keepalive/hazard", Siblings::Parts),
    ("crates/core/src/pool", Siblings::Parts),
    ("crates/sim/src/clone", Siblings::Parts),
    ("crates/sim/src/near", Siblings::Parts),
    ("crates/forecast/src/boost", Siblings::Parts),
    ("crates/forecast/src/calendar", Siblings::Parts),
    ("crates/forecast/src/calibrate", Siblings::Parts),
    ("crates/forecast/src/choice", Siblings::Parts),
    ("crates/forecast/src/effects", Siblings::Parts),
    ("crates/forecast/src/foresight", Siblings::Parts),
    ("crates/forecast/src/global", Siblings::Parts),
    ("crates/forecast/src/hybrid", Siblings::Parts),
    ("crates/forecast/src/league", Siblings::Parts),
    (
        "crates/forecast/src/local",
        Siblings::Rivals { below: &["rule", "least_squares"], above: &[] },
    ),
    ("crates/forecast/src/network", Siblings::Parts),
    ("crates/node/src/nodes", Siblings::Parts),
    ("crates/node/src/demand", Siblings::Parts),
    ("crates/forecast/src/prewarm", Siblings::Rivals { below: &["readiness"], above: &["curve"] }),
    ("crates/forecast/src/regressor", Siblings::Parts),
    ("crates/forecast/src/watch", Siblings::Parts),
    ("crates/node/src/deploy", Siblings::Parts),
    ("crates/node/src/flow", Siblings::Parts),
    ("crates/node/src/foresight", Siblings::Parts),
    ("crates/node/src/gateway", Siblings::Parts),
    ("crates/node/src/grouping", Siblings::Parts),
    ("crates/node/src/key_value", Siblings::Parts),
    ("crates/node/src/live", Siblings::Parts),
    ("crates/node/src/native", Siblings::Parts),
    ("crates/node/src/observe", Siblings::Parts),
    ("crates/node/src/queue", Siblings::Parts),
    ("crates/node/src/sites", Siblings::Parts),
    ("crates/node/src/store", Siblings::Parts),
    (
        "crates/node/src/trigger",
        Siblings::Rivals {
            below: &["cloud_event", "schedule", "table", "topic", "triggers"],
            above: &[],
        },
    ),
    (
        "crates/node/src/api",
        Siblings::Rivals { below: &["context", "reply"], above: &["router", "openapi"] },
    ),
    ("crates/sandbox/src/wasm", Siblings::Parts),
    ("crates/sim/src/bound", Siblings::Parts),
    ("crates/sim/src/bound/account", Siblings::Parts),
    ("crates/sim/src/cache", Siblings::Parts),
    (
        "crates/sim/src/cache/replacement",
        Siblings::Rivals {
            below: &["bank", "index", "chain", "heap", "queue"],
            above: &["catalogue"],
        },
    ),
    ("crates/sim/src/cache/report", Siblings::Parts),
    (
        "crates/sim/src/cache/strategy",
        Siblings::Rivals {
            below: &["serving", "asking", "holders", "members", "sharing"],
            above: &["catalogue"],
        },
    ),
    ("crates/sim/src/cache/topology", Siblings::Rivals { below: &[], above: &["catalogue"] }),
    (
        "crates/sim/src/faithful",
        Siblings::Rivals {
            below: &["input", "minutes", "outcome", "twister"],
            above: &["catalogue"],
        },
    ),
    ("crates/sim/src/faithful/faascache", Siblings::Parts),
    ("crates/sim/src/faithful/founding", Siblings::Parts),
    ("crates/sim/src/flow", Siblings::Parts),
    ("crates/sim/src/report", Siblings::Parts),
    ("crates/sim/src/sites", Siblings::Parts),
    (
        "crates/sim/src/report/html",
        Siblings::Rivals { below: &["chart", "shell", "style"], above: &["page"] },
    ),
    ("crates/trace/src/reader", Siblings::Rivals { below: &[], above: &[] }),
    ("crates/trace/src/generate", Siblings::Rivals { below: &[], above: &[] }),
    ("crates/trace/src/write", Siblings::Rivals { below: &[], above: &[] }),
    (
        "crates/swell/src/cli",
        Siblings::Rivals {
            below: &["form", "node", "settings", "capacity", "site_node", "checked"],
            above: &["command"],
        },
    ),
    ("crates/swell/src/cmd/bench", Siblings::Parts),
    ("crates/swell/src/client", Siblings::Parts),
    ("crates/swell/src/document", Siblings::Parts),
    ("crates/swell/src/manifest", Siblings::Parts),
    ("crates/swell/src/settings", Siblings::Parts),
    ("crates/swell/src/redeploy", Siblings::Parts),
    ("crates/swell/src/doctor", Siblings::Rivals { below: &["check"], above: &["all"] }),
    ("crates/swell/src/cmd", Siblings::Rivals { below: &[], above: &[] }),
    ("crates/swell/src/forecasting", Siblings::Parts),
    ("crates/swell/src/rig", Siblings::Parts),
    ("crates/swell/src/town", Siblings::Parts),
    ("crates/tidy/src/check", Siblings::Rivals { below: &[], above: &[] }),
];

/// The sources of the mind, which knows no clock, machine or chance; forecasts are part of it.
pub const MINDS: &[&str] = &["crates/core/src/", "crates/forecast/src/", "crates/outlook/src/"];

/// Paths the mind does not mention, each with what it uses instead.
pub const FENCED_PATHS: &[(&str, &str)] = &[
    ("std::time", "time arrives with the news: take `now`, an `Instant` of ours"),
    ("core::time", "spans are ours: `crate::time::Span`"),
    ("std::thread", "deciding takes one thread; heavy work is an action"),
    ("std::fs", "files belong to the hands: emit an action"),
    ("std::env", "settings are read once, at the edge, and passed"),
    ("std::net", "messages are actions and events"),
    ("rand::rng", "chance is split from the seed: `crate::rng::split`"),
    ("rand::rngs", "chance is split from the seed: `crate::rng::split`"),
    ("rand::random", "chance is split from the seed: `crate::rng::split`"),
    ("rand::make_rng", "chance is split from the seed: `crate::rng::split`"),
    ("std::process", "the mind neither starts nor ends programs"),
];

/// Words the mind does not use, each with what it uses instead.
pub const FENCED_NAMES: &[(&str, &str)] = &[
    ("HashMap", "hash order is chance: use `BTreeMap`"),
    ("HashSet", "hash order is chance: use `BTreeSet`"),
    ("print", "the mind speaks in actions"),
    ("println", "the mind speaks in actions"),
    ("eprint", "the mind speaks in actions"),
    ("eprintln", "the mind speaks in actions"),
    ("async", "deciding never waits"),
    ("unsafe", "unsafe code has its own crate"),
];

/// Marks of unfinished work. Finish it, or write down what is missing where users look.
pub const UNFINISHED: &[&str] = &["TODO", "FIXME", "XXX", "todo!(", "unimplemented!(", "#[ignore"];

/// Beginnings of paths that exist on one machine only.
pub const MACHINE_PATHS: &[&str] = &["/root/", "/home/", "/Users/", "/var/folders/"];

/// The one file that may write the two lists above: this one.
pub const WORDS_TABLE: &str = "crates/tidy/src/table.rs";

/// Names and endings of the text files that are ours to keep tidy.
pub const SOURCES: &[&str] = &[
    ".rs",
    ".toml",
    ".md",
    ".sh",
    ".yml",
    ".yaml",
    ".css",
    ".js",
    ".html",
    ".ci/run",
    "justfile",
    ".gitignore",
];

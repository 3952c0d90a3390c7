# Short names for plain cargo commands; everything here can be typed without `just`.

# List the recipes
default:
    @just --list

# Read only: format, lints, and the rules of the house
check:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets -- -D warnings
    cargo test -p swell-tidy

# May write: format, and what clippy can repair by itself
fix:
    cargo clippy --workspace --all-targets --fix --allow-dirty --allow-staged
    cargo fmt --all

# Everything that CI tests
test:
    cargo test --workspace

# Measure
bench *arguments:
    cargo bench --workspace {{arguments}}

# Hold `hazard` against the best of all others, on every bundled trace (minutes)
hazard-grid *arguments:
    cargo run --release -p swell-sim --example grid -- --others target/grid.tsv {{arguments}}

# The main job, on this machine
demo *arguments:
    cargo run --release -- demo {{arguments}}

# Exactly what CI runs
ci:
    .ci/run

# `just`: what there is to do. None of it needs just; each line is a command to type.

# List the recipes.
default:
    @just --list

# Run the pipeline on a simulated day.
run *args:
    cargo run --release -p stockflow -- run {{args}}

# Run all tests.
test:
    cargo test --workspace --features stockflow/full,stockflow-aws/full

# Format, then lint as strictly as CI.
lint:
    cargo fmt --all
    cargo clippy --workspace --all-targets --all-features -- -D warnings

# Build the documentation and open it.
doc:
    cargo doc --workspace --no-deps --open

# Run the benches that compare with other crates.
bench *args:
    cargo bench -p stockflow-benches --features peers {{args}}

# Everything that a change has to pass, or some steps of it.
ci *steps:
    .ci/run {{steps}}

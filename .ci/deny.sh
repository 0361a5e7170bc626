#!/usr/bin/env bash
# Licences, bans, sources and advisories of all dependencies. With recorded data nothing is asked of the network but the tool
# itself, and that only once.
set -euo pipefail
version=0.20.2
root=$PWD/target/tools
deny=$root/bin/cargo-deny
if command -v cargo-deny >/dev/null && [ "$(cargo-deny --version)" = "cargo-deny $version" ]; then
    deny=$(command -v cargo-deny)
elif [ ! -x "$deny" ] || [ "$("$deny" --version)" != "cargo-deny $version" ]; then
    # Not optimised: it runs for seconds. Flags that are meant for our own code are not for it.
    env -u RUSTFLAGS CARGO_PROFILE_DEV_DEBUG=0 cargo install cargo-deny --version "$version" --locked --debug \
        --root "$root" --target-dir "$root/build"
fi

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
config=deny.toml
if [ "${STOCKFLOW_TEST_DATA:?is set by .ci/run}" != none ]; then
    # cargo-deny fetches advisories with git: let it find a repository made of the archive under the usual address. Whether
    # a version was yanked only the registry knows, so that question waits for a run with the network.
    database=$scratch/advisory-db
    mkdir "$database"
    tar -xzf "$STOCKFLOW_TEST_DATA"/rustsec-advisories-*.tar.gz -C "$database"
    git -C "$database" init -q -b main
    git -C "$database" add -A
    git -C "$database" -c user.name=ci -c user.email=ci@localhost -c commit.gpgsign=false commit -q -m advisories
    export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0="url.file://$database.insteadOf" \
        GIT_CONFIG_VALUE_0=https://github.com/RustSec/advisory-db
    config=$scratch/deny.toml
    sed "s|^\[advisories\]|&\ndb-path = \"$scratch/databases\"\ndisable-yank-checking = true|" deny.toml >"$config"
fi
"$deny" --config "$config" --workspace --all-features --locked check --hide-inclusion-graph \
    licenses bans sources advisories

#!/usr/bin/env bash
# Builds examples by the commands in their manifests, each in a copy below `target/`:
#
#   examples/build.sh                  all of them
#   examples/build.sh c hello-js       those in C, and one
#
# Installs nothing. What is missing is told, with the line that gets it, and the example is
# left out; the exit code is then 1. Names and languages that do not exist end with 2.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
here=$PWD
target=$here/target

# The program that wraps modules and prints interfaces.
find_swell() {
    local candidate
    for candidate in "${SWELL:-}" ../target/release/swell ../target/debug/swell "$(command -v swell || true)"; do
        if [[ -n $candidate && -x $candidate ]]; then
            realpath "$candidate"
            return
        fi
    done
    echo 'build.sh: there is no `swell` yet; `cargo build --release` makes it' >&2
    return 1
}

missing() {
    printf 'SKIPPED %s: %s; get it with\n    %s\n' "$1" "$2" "$3" >&2
    return 1
}

check_c() {
    local compiler
    for compiler in clang clang-22 clang-19 clang-16; do
        if command -v "$compiler" >/dev/null && command -v make >/dev/null; then
            return
        fi
    done
    missing "$1" 'make or clang with lld is missing' 'apt-get install --no-install-recommends make clang-19 lld-19'
}

# The package that makes components of JavaScript, in the version of the examples.
needs_js() {
    sed -nE 's/.*"(@bytecodealliance[^"]*)": "([^"]*)".*/\1@\2/p' hello-js/package.json
}

check_js() {
    if ! command -v npm >/dev/null; then
        missing "$1" 'Node.js is missing' 'apt-get install npm    (Node.js from 20 on)'
    elif [[ ! -d $target/node_modules/@bytecodealliance/componentize-js ]]; then
        missing "$1" 'componentize-js is missing' "npm install --prefix $target --no-save $(needs_js)"
    fi
}

check_python() {
    PATH=$target/venv/bin:$PATH
    command -v componentize-py >/dev/null || missing "$1" 'componentize-py is missing' \
        "python3 -m venv $target/venv && $target/venv/bin/pip install -r $here/hello-python/requirements.txt"
}

has_wasip2() {
    [[ -n $(find "$(rustc --print target-libdir --target wasm32-wasip2)" -name 'libstd-*' 2>/dev/null) ]]
}

check_rust() {
    if ! command -v cargo >/dev/null; then
        missing "$1" 'Rust is missing' 'see https://rustup.rs'
    elif ! has_wasip2 && [[ ! -x $target/debian-rust/rustc ]]; then
        missing "$1" 'the target wasm32-wasip2 is missing' \
            "rustup target add wasm32-wasip2    (or, out of Debian's archive: $here/debian-rust.sh)"
    fi
}

# The command of a manifest.
command_of() {
    sed -nE 's/^(build = \{ )?command = "([^"]*)".*/\2/p' "$1"
}

build() {
    local name=$1 language=${1##*-} wasi=0.2.0 command
    mkdir -p "$target/$name"
    cp -R "$here/$name/." "$target/$name/"
    cd "$target/$name"
    case $language in
    js | python)
        # componentize-js wants the version its engine was built with.
        if [[ $language == js ]]; then wasi=0.2.10; fi
        mkdir -p wit
        "$SWELL" component wit --wasi "$wasi" >wit/function.wit
        ;;
    esac
    command=$(command_of app.toml)
    if [[ $language == rust ]] && ! has_wasip2; then
        command="$here/debian-rust.sh build $name"
    fi
    printf '==> %s: %s\n' "$name" "$command"
    sh -c "$command"
}

main() {
    local word name names=() failed=0
    SWELL=$(find_swell)
    export SWELL
    for word in "${@:-}"; do
        local found=0
        for name in *-*/app.toml; do
            name=${name%/app.toml}
            if [[ -z $word || $word == "$name" || $word == "${name##*-}" ]]; then
                names+=("$name")
                found=1
            fi
        done
        if ((!found)); then
            printf 'build.sh: `%s` is no example and no language; there are:\n' "$word" >&2
            printf '    %s\n' *-*/ >&2
            exit 2
        fi
    done
    for name in "${names[@]}"; do
        if ! "check_${name##*-}" "$name"; then
            failed=1
        elif ! (set -e; build "$name"); then
            printf 'build.sh: %s could not be built\n' "$name" >&2
            failed=1
        fi
    done
    exit "$failed"
}

case ${1:-} in
# What `.ci/run` asks, to install what is missing.
needs-js) needs_js ;;
has-wasip2) has_wasip2 ;;
*) main "$@" ;;
esac

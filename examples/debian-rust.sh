#!/usr/bin/env bash
# Rust for WebAssembly out of Debian's archive, for machines that rustup cannot serve:
#
#   examples/debian-rust.sh               fetches compiler and sources into `target/debian-rust`
#   examples/debian-rust.sh build NAME    builds an example with them, as build.sh asks
#
# Debian ships no standard library for wasm32-wasip2, but its source: cargo builds it for
# wasm32-unknown-unknown, and `swell component wrap` does what the linker of wasm32-wasip2
# would do. Nothing is installed, and the Rust that is there stays as it is.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
target=$PWD/target
folder=$target/debian-rust

depends_of() {
    apt-cache depends "$1" | sed -nE "s/^ *\|?Depends: ($2)\$/\1/p" | head -n 1
}

fetch() {
    local library llvm
    library=$(depends_of libstd-rust-web-dev 'libstd-rust-web-[0-9.]+')
    llvm=$(depends_of "$library" 'libllvm[0-9]+')
    rm -rf "$folder"
    mkdir -p "$folder/packages"
    cd "$folder/packages"
    apt-get download -q -o APT::Sandbox::User=root \
        rustc-web rust-web-src libstd-rust-web-dev "$library" "$llvm"
    local package
    for package in *.deb; do
        dpkg -x "$package" "$folder"
    done
    cd "$target"
    rm -rf "$folder/packages"
    # It finds its libraries beside it only when told where they are.
    cat >"$folder/rustc" <<END
#!/bin/sh
LD_LIBRARY_PATH=$(dirname "$(find "$folder/usr/lib" -name 'librustc_driver-*')") exec $folder/usr/bin/rustc "\$@"
END
    chmod +x "$folder/rustc"
    "$folder/rustc" --version
}

# The linker of WebAssembly: that of Debian's lld, or the one in a toolchain of rustup.
find_linker() {
    local sysroot
    sysroot=$(rustc --print sysroot)
    command -v wasm-ld || command -v wasm-ld-19 || find "$sysroot" -name rust-lld | grep . || {
        echo 'debian-rust.sh: no linker; `apt-get install lld-19` brings one' >&2
        return 1
    }
}

build() {
    local name=$1 file=${1//-/_}.wasm built
    built=$target/cargo/wasm32-unknown-unknown/release/$file
    cd "$target/$name"
    CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=$(find_linker) \
        CARGO_TARGET_DIR=$target/cargo RUSTC=$folder/rustc RUSTC_BOOTSTRAP=1 \
        cargo build --release --target wasm32-unknown-unknown -Zbuild-std=std,panic_abort
    mkdir -p target/wasm32-wasip2/release
    "${SWELL:-swell}" component wrap "$built" -o "target/wasm32-wasip2/release/$file"
}

case ${1:-fetch} in
fetch) fetch ;;
build) build "$2" ;;
*)
    echo 'debian-rust.sh: say nothing, or `build NAME`' >&2
    exit 2
    ;;
esac

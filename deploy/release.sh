#!/usr/bin/env bash
# Builds the archives of a release into target/release-files: a tar.gz for each target, their SHA-256 sums, and
# lists of all that the program and its pages are made of (SBOM, CycloneDX).
#
#   deploy/release.sh                   every target
#   deploy/release.sh TARGET...         some of them
#
# Zig links for each target, so that one machine builds them all, and against an old glibc, so that they run on
# Debian 10, Ubuntu 20.04, RHEL 8 and later. Needs Rust with rustup, Node and pip.
set -euo pipefail
cd "$(dirname "$0")/.."

TARGETS=(x86_64-unknown-linux-gnu aarch64-unknown-linux-gnu)
GLIBC=2.28
# Versions of the wheels cargo-zigbuild and ziglang, and of the crate cargo-cyclonedx.
ZIGBUILD=0.24.1
ZIG=0.17.1
CYCLONEDX=0.5.9

say() { printf '\n== %s\n' "$*"; }
die() { printf '%s\n' "$*" >&2; exit 1; }

[ $# -eq 0 ] || TARGETS=("$@")
version=$(sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"$/\1/p' Cargo.toml)
[ -n "$version" ] || die "Cargo.toml has no version"
grep -q "^## \[*$version\]*\( \|$\)" CHANGELOG.md || echo "CHANGELOG.md has no part for $version yet" >&2
out=$PWD/target/release-files
tools=$PWD/target/release-tools
# The time of all files, so that the same files make the same archive.
epoch=$(git log -1 --format=%ct)

say "tools"
[ -d "$tools/ziglang" ] || python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --no-deps \
  --target "$tools" "ziglang==$ZIG" "cargo-zigbuild==$ZIGBUILD"
[ -x "$tools/bin/cargo-cyclonedx" ] ||
  cargo install --quiet --locked --root "$tools" "cargo-cyclonedx@$CYCLONEDX"
export PATH="$tools/bin:$PATH" PYTHONPATH="$tools"
rustup target add "${TARGETS[@]}"

rm -rf "$out"
mkdir -p "$out"
for target in "${TARGETS[@]}"; do
  say "$target"
  SOURCE_DATE_EPOCH=$epoch cargo zigbuild --release --locked -p kaibo --target "$target.$GLIBC"
  name=kaibo-$version-$target
  mkdir "$out/$name"
  install -m 755 "target/$target/release/kaibo" "$out/$name/"
  install -m 644 deploy/kaibo.service config.example.toml README.md README.zh-CN.md CHANGELOG.md SECURITY.md LICENSE \
    "$out/$name/"
  tar --create --use-compress-program "gzip -9n" --file "$out/$name.tar.gz" --directory "$out" --sort=name --mtime="@$epoch" \
    --owner=0 --group=0 --numeric-owner "$name"
  rm -r "${out:?}/$name"
done

say "lists of contents"
cargo cyclonedx --format json --spec-version 1.5 --describe binaries --quiet --manifest-path crates/kaibo/Cargo.toml
# Not where it was built.
sed "s#file://$PWD#file:///kaibo#g" crates/kaibo/kaibo_bin.cdx.json >"$out/kaibo-$version.cdx.json"
rm crates/kaibo/kaibo_bin.cdx.json
lock=$(mktemp -d)
mkdir "$lock/kaibo-web"
cp web/package.json web/package-lock.json "$lock/kaibo-web"
# `--omit=dev` would leave out what development needs too, as React.
(cd "$lock/kaibo-web" && npm pkg set "version=$version" && npm pkg delete devDependencies &&
  npm install --package-lock-only --no-audit --no-fund --loglevel=error >&2 &&
  npm sbom --package-lock-only --sbom-format=cyclonedx) >"$out/kaibo-$version-pages.cdx.json"
rm -r "$lock"

say "sums"
(cd "$out" && sha256sum -- *.tar.gz *.cdx.json >SHA256SUMS && cat SHA256SUMS)

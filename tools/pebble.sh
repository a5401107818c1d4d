#!/usr/bin/env bash
# Tests certificates against Pebble, Let's Encrypt's test server: names and addresses, profiles, renewal information,
# revocation, failures. Pebble has no rate limits; the tests with Caddy have. Needs Go, which builds Pebble.
set -euo pipefail
cd "$(dirname "$0")/.."

PEBBLE_VERSION=v2.10.3

if [ -z "${PEBBLE:-}" ] && [ ! -x target/tools/pebble/pebble ]; then
  command -v go >/dev/null 2>&1 || { echo "go is missing: install it, or name in PEBBLE a Pebble of version 2" >&2; exit 1; }
  GOFLAGS=-mod=mod GOBIN="$PWD/target/tools/pebble" go install "github.com/letsencrypt/pebble/v2/cmd/pebble@$PEBBLE_VERSION"
fi
cargo test -p tls --features pebble --test acme --quiet -- pebble

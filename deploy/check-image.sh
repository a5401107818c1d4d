#!/usr/bin/env bash
# Takes the steps of the Dockerfile without a container engine, and runs what comes of them in a folder that holds no
# more than the image: it starts, is well, stops in good order, and is not well any more.
#
#   deploy/check-image.sh             builds as the Dockerfile does; minutes
#   deploy/check-image.sh PROGRAM     takes a program that is built
#
# Needs root, for chroot and setcap. Linux only.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '\n== %s\n' "$*"; }
die() { printf '%s\n' "$*" >&2; exit 1; }

[ "$(id -u)" -eq 0 ] || die "run it as root: it uses chroot and setcap"
for tool in setcap setpriv ldd; do
  command -v "$tool" >/dev/null || die "$tool is missing (libcap2-bin, util-linux, libc-bin)"
done

# The commands are the Dockerfile's own.
command_of() { grep -oE "$1[^&\\]*" Dockerfile | head -1; }
build=$(command_of 'cargo build')
pages=$(command_of 'npm run build')
capability=$(command_of 'setcap [^ ]*')
[ -n "$build" ] && [ -n "$pages" ] && [ -n "$capability" ] || die "the Dockerfile has no such commands"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if [ $# -gt 0 ]; then
  program=$1
else
  say "pages: $pages"
  [ -d web/node_modules ] || npm --prefix web ci --omit=dev --no-audit --no-fund
  npm --prefix web run build -- --outDir "$work/pages" --emptyOutDir
  say "program: $build"
  export KAIBO_WEB_DIST="$work/pages"
  eval "$build"
  program=${CARGO_TARGET_DIR:-target}/release/kaibo
fi

say "image"
image=$work/image
install -D "$program" "$image/usr/local/bin/kaibo"
install -d -m 0700 -o 65532 -g 65532 "$image/data"
# Of its base image: the C library and what the compiler needs, and no shell.
ldd "$program" | grep -oE '/[^ ]+' | while read -r library; do
  install -D "$(realpath "$library")" "$image$library"
done
setcap "$(echo "$capability" | cut -d' ' -f2)" "$image/usr/local/bin/kaibo"
chmod 755 "$work" "$image"
du -sh "$image/usr/local/bin/kaibo"

# As a container engine does: a user that is not root, one capability at most, the settings as variables.
# Takes the place of the shell that calls it.
run() {
  exec setpriv --bounding-set -all,+net_bind_service,+sys_chroot --reuid 65532 --regid 65532 --clear-groups \
    --inh-caps +sys_chroot --ambient-caps +sys_chroot \
    env -i KAIBO_DATA=/data "KAIBO_LISTEN=$listen" "$(command -v chroot)" "$image" /usr/local/bin/kaibo "$@"
}

# Below 1,024, where only the capability lets it listen; free, as far as the system knows.
port=$(comm -23 <(seq 600 1023 | sort) <(ss -Htuln | grep -oE ':[0-9]+ ' | tr -d ': ' | sort -u) | shuf -n 1)
listen=127.0.0.1:$port

say "kaibo serve on port $port, as user 65532"
run serve >"$work/log" 2>&1 &
pid=$!
trap 'kill "$pid" 2>/dev/null || true; rm -rf "$work"' EXIT
for _ in $(seq 100); do
  grep -q 'server started' "$work/log" && break
  kill -0 "$pid" 2>/dev/null || { cat "$work/log"; die "it ended at once"; }
  sleep 0.1
done
grep 'server started' "$work/log" || { cat "$work/log"; die "it did not start"; }
(run health)

say "SIGTERM"
kill -TERM "$pid"
status=0
wait "$pid" || status=$?
[ "$status" -eq 0 ] || { cat "$work/log"; die "it ended with $status"; }
if (run health) 2>/dev/null; then die "it is not there, and yet it is well"; fi
say "the image works"

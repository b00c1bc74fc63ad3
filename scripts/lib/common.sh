# shellcheck shell=bash
# Words and habits that all scripts share. Sourced, never run.

set -euo pipefail

STEADY_ROOT=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd -P)
if [ -z "${HOME:-}" ]; then
  HOME=$(getent passwd "$(id -u)" | cut -d: -f6)
  export HOME
fi
# Outside the checkout and shared by all clones; test/services/tools.ts looks in the same place.
STEADY_TOOLS=${STEADY_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/steadyhand}
export STEADY_ROOT STEADY_TOOLS
QUIET=${QUIET:-}

# shellcheck source=versions.sh
. "$STEADY_ROOT/scripts/lib/versions.sh"

# now: seconds since boot with two decimals; cheap, and no clock change disturbs it.
now() { cut -d' ' -f1 /proc/uptime; }

# since START: whole seconds since a `now`.
since() { awk -v a="$1" -v b="$(now)" 'BEGIN { printf "%.0f", b - a }'; }

# line SECONDS WORD NAME WHY: one line of the report, such as `  12 s  installed  temporal 1.9.1: …`.
line() { printf '%5s s  %-9s  %s%s\n' "$1" "$2" "$3" "${4:+: $4}"; }

# installed START NAME WHY: always said, because it changed the machine or the cache.
installed() { line "$(since "$1")" installed "$2" "$3"; }

# present NAME [WHERE]: said unless --quiet.
present() { if [ -z "$QUIET" ]; then line 0 present "$1" "${2:-}"; fi; }

# note WORDS: something a person should know; never hidden.
note() { printf '         note       %s\n' "$*"; }

# fail WHAT HINT: one clear error and the next thing to do.
fail() {
  printf '\nsetup failed: %s\n' "$1" >&2
  if [ -n "${2:-}" ]; then printf '  hint: %s\n' "$2" >&2; fi
  exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

# at_least MINIMUM VERSION: true when VERSION is MINIMUM or newer.
at_least() { [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]; }

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# x86_64 is what the pinned binaries are for: on anything else the program has to be there already.
need_x86_64() {
  [ "$(uname -m)" = x86_64 ] ||
    fail "no pinned $1 for $(uname -m)" "install $1 yourself so that it is on the PATH; only x86_64 binaries are pinned here"
}

# check_sha256 FILE SUM: refuses what is not byte for byte the pinned file.
check_sha256() {
  local found
  found=$(sha256sum "$1" | cut -d' ' -f1)
  [ "$found" = "$2" ] || fail "wrong sha256 of $(basename "$1") [expected=$2 found=$found]" 'do not use this download; try again, then report it'
}

# scratch: a new folder inside the cache (same file system, so that a finished thing is moved in one step).
# Left-overs of a killed set-up go at the next start, see sweep_scratch.
scratch() { mktemp -d "$STEADY_TOOLS/.scratch-XXXXXX"; }
sweep_scratch() { rm -rf -- "$STEADY_TOOLS"/.scratch-* 2>/dev/null || chmod -R u+w -- "$STEADY_TOOLS"/.scratch-*; rm -rf -- "$STEADY_TOOLS"/.scratch-*; }

# point LINK TARGET: makes or changes a symbolic link in one step, also while others use it.
point() {
  if [ "$(readlink "$1" 2>/dev/null)" = "$2" ]; then return 0; fi
  ln -s "$2" "$1.new-$$"
  mv -fT "$1.new-$$" "$1"
}

# one_at_a_time: the set-ups of all clones share one cache, so they take turns.
one_at_a_time() {
  mkdir -p "$STEADY_TOOLS/bin"
  exec 7>"$STEADY_TOOLS/.lock"
  if ! flock -n 7; then
    note 'waiting for another ./scripts/setup'
    flock 7
  fi
  sweep_scratch
}

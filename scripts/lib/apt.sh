# shellcheck shell=bash
# Debian and Ubuntu packages: only what is missing, and nothing of it is left running.

APT_FRESH=''

# apt_get ARGS: quiet, never asks, waits for another apt; keeps its words for when it fails.
apt_get() {
  local log
  log=$(mktemp)
  if ! as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 "$@" >"$log" 2>&1 7>&-; then
    tail -n 15 "$log" >&2
    rm -f "$log"
    return 1
  fi
  rm -f "$log"
}

# apt_install WHY PACKAGE…
apt_install() {
  local why=$1 start
  shift
  start=$(now)
  have apt-get || fail "$* missing, and this machine has no apt-get" 'install them yourself, then run ./scripts/setup again'
  [ "$(id -u)" = 0 ] || have sudo || fail "$* missing" "as root: apt-get install $*"
  if [ -z "$APT_FRESH" ]; then
    apt_get update || note 'apt-get update failed; trying with the lists that are there'
    APT_FRESH=yes
  fi
  with_services_off apt_get install -y --no-install-recommends "$@" ||
    fail "apt-get could not install $*" "see the lines above; then run: apt-get install $*"
  rest_services "$@"
  installed "$start" "$*" "$why"
}

# with_services_off COMMAND…: Debian asks policy-rc.d before it starts a service of a new package; for so long it says no.
with_services_off() (
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    trap 'as_root rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
    as_root chmod 755 "$policy"
  fi
  "$@"
)

# rest_services PACKAGE…: on a machine with systemd, what we installed does not start at the next boot either.
rest_services() {
  [ -d /run/systemd/system ] || return 0
  local package
  for package in "$@"; do
    case $package in
    postgresql) as_root systemctl disable -q postgresql || true ;;
    redis-server | pgbouncer) as_root systemctl disable -q "$package" || true ;;
    docker.io) as_root systemctl disable -q docker.service docker.socket containerd.service || true ;;
    esac
  done
}

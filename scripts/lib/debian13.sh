# shellcheck shell=bash
# Single packages of Debian 13, unpacked and never installed: newer servers and Docker plugins than the machine's own
# release has. apt checks them against Debian's signatures; the machine's own apt lists stay as they are.

debian_mirror() {
  if [ -n "${STEADY_DEBIAN_MIRROR:-}" ]; then
    printf '%s' "$STEADY_DEBIAN_MIRROR"
    return
  fi
  local id=''
  # shellcheck source=/dev/null
  id=$(. /etc/os-release && printf '%s' "${ID:-}")
  if [ "$id" = debian ]; then
    { cat /etc/apt/sources.list.d/*.sources 2>/dev/null | sed -n 's/^URIs: *//p' &&
      sed -n 's/^deb \(\[[^]]*\] \)\?\([^ ]*\) .*/\2/p' /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null || true; } |
      grep -v security | head -n 1
  else
    # Ubuntu: debootstrap's own script knows Debian's mirror.
    sed -n 's/^default_mirror //p' "/usr/share/debootstrap/scripts/$DEBIAN_SUITE" /usr/share/debootstrap/scripts/sid 2>/dev/null | head -n 1
  fi
}

# debian13_unpack FOLDER PACKAGE…
debian13_unpack() {
  local folder=$1 work mirror keyring=/usr/share/keyrings/debian-archive-keyring.gpg
  shift
  [ -e "$keyring" ] || apt_install "checks Debian 13's packages" debian-archive-keyring
  [ -n "$(debian_mirror)" ] || apt_install "knows Debian's mirror" debootstrap
  mirror=$(debian_mirror)
  [ -n "$mirror" ] || fail 'no Debian mirror found in the apt sources' 'set STEADY_DEBIAN_MIRROR to the address of one'
  work=$(scratch)
  mkdir -p "$work/lists/partial" "$work/cache/archives/partial"
  : >"$work/status"
  printf 'deb [signed-by=%s] %s %s main\n' "$keyring" "$mirror" "$DEBIAN_SUITE" >"$work/sources.list"
  local options=(-qq -o "Dir::Etc::sourcelist=$work/sources.list" -o Dir::Etc::sourceparts=- -o "Dir::State::lists=$work/lists"
    -o "Dir::State::status=$work/status" -o "Dir::Cache=$work/cache" -o "APT::Sandbox::User=$(id -un)" -o Acquire::Languages=none)
  (cd "$work" && apt-get "${options[@]}" update && apt-get "${options[@]}" download "$@") 7>&- ||
    fail "could not download from Debian 13: $*" 'is the mirror of /etc/apt reachable? or set STEADY_DEBIAN_MIRROR'
  local deb
  for deb in "$work"/*.deb; do dpkg-deb -x "$deb" "$folder"; done
  rm -rf "$work"
}

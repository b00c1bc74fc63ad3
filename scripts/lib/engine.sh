# shellcheck shell=bash
# A Docker Engine of our own on a private socket, shared by all scripts that need it at the same time. Each user holds a
# shared lock; a guardian waits for the exclusive one, which it gets when the last user has gone, however it went, and
# then ends the engine. So a killed test run leaves no engine behind.

# shellcheck source=engine-network.sh
. "$STEADY_ROOT/scripts/lib/engine-network.sh"

engine_lock() { printf '%s/.docker-users.lock' "$STEADY_TOOLS"; }

# engine_run: sockets live here; short, because the path of a socket has at most 107 bytes.
engine_run() {
  local base=/run
  [ "$(id -u)" = 0 ] || base=${XDG_RUNTIME_DIR:-/tmp}
  printf '%s/steadyhand-docker-%s' "$base" "$(printf '%s' "$STEADY_TOOLS" | sha256sum | cut -c1-8)"
}

engine_answers() { DOCKER_HOST=unix://$(engine_run)/docker.sock timeout 20 docker info >/dev/null 2>&1; }

start_engine() {
  local run
  run=$(engine_run)
  mkdir -p "$STEADY_TOOLS"
  exec 9>"$(engine_lock)"
  flock -s 9 # waits while a guardian is ending the last engine
  (
    exec 8>"$STEADY_TOOLS/.docker-start.lock"
    flock 8
    engine_answers || launch_engine "$run"
  ) || return 1
  export DOCKER_HOST=unix://$run/docker.sock
}

# stop_engine: lets go; returns when the engine has ended, or at once when others still use it.
stop_engine() {
  local run tries
  run=$(engine_run)
  if ! { true >&9; } 2>/dev/null; then return 0; fi
  exec 9>&-
  for ((tries = 0; tries < 300; tries++)); do
    sleep 0.2 # the guardian takes its turn first
    [ -e "$run" ] || return 0
    if flock -n -s "$(engine_lock)" true; then return 0; fi
  done
  note "the Docker Engine on $run/docker.sock does not end"
}

# What outlives this script must not hold its locks. (A redirection of a function would leave a saved copy open.)
let_go_of_locks() { exec 7>&- 8>&- 9>&-; }

launch_engine() {
  local run=$1 tries
  [ "$(id -u)" = 0 ] || have sudo || fail 'no Docker Engine answers' 'start yours, or run as root'
  as_root rm -rf "$run"
  mkdir -p "$run"
  remember_network "$run"
  (
    let_go_of_locks
    # Other runs may use it too, so it is no process of this run, and does not use its temporary folder.
    unset STEADY_TEST_RUN TMPDIR
    as_root setsid dockerd --data-root "$STEADY_TOOLS/docker" --exec-root "$run/exec" --pidfile "$run/docker.pid" \
      -H "unix://$run/docker.sock" -G "$(id -gn)" --log-level warn >"$STEADY_TOOLS/docker.log" 2>&1 </dev/null
  ) &
  for ((tries = 0; tries < 150; tries++)); do
    if engine_answers; then
      (
        let_go_of_locks
        unset STEADY_TEST_RUN TMPDIR
        exec setsid bash -c '. "$1/scripts/lib/common.sh"; . "$1/scripts/lib/engine.sh"; guard_engine' guardian "$STEADY_ROOT" \
          >/dev/null 2>&1 </dev/null
      ) &
      return 0
    fi
    sleep 0.2
  done
  tail -n 5 "$STEADY_TOOLS/docker.log" >&2
  end_engine "$run"
  fail 'the Docker Engine did not start' "its words are in $STEADY_TOOLS/docker.log"
}

guard_engine() {
  local run
  run=$(engine_run)
  exec 8>"$(engine_lock)"
  flock -x 8
  end_engine "$run"
}

# end_engine RUN: containers, networks and volumes of our own engine, the engine by its process id, its traces.
end_engine() {
  local run=$1 pid tries
  export DOCKER_HOST=unix://$run/docker.sock
  pid=$(cat "$run/docker.pid" 2>/dev/null || true)
  if [ -n "$pid" ]; then
    # An engine that hangs answers none of it.
    clear_engine || note 'the Docker Engine does not remove its containers'
    as_root kill -TERM "$pid" 2>/dev/null || true
    for ((tries = 0; tries < 100; tries++)); do
      as_root kill -0 "$pid" 2>/dev/null || break
      sleep 0.2
    done
    as_root kill -KILL "$pid" 2>/dev/null || true
    pid=$(cat "$run/exec/containerd/containerd.pid" 2>/dev/null || true)
    if [ -n "$pid" ]; then as_root kill -KILL "$pid" 2>/dev/null || true; fi
    end_orphans "$run"
  fi
  restore_network "$run"
  as_root rm -rf "$run"
}

# clear_engine: removes all containers, networks and volumes; fails at once where the engine does not answer in time.
clear_engine() {
  local containers volumes
  containers=$(timeout 20 docker ps -aq 2>/dev/null) || return 1
  if [ -n "$containers" ]; then in_time 60 xargs docker rm -fv <<<"$containers" || return 1; fi
  in_time 20 docker network prune -f || return 1
  volumes=$(timeout 20 docker volume ls -q 2>/dev/null) || return 1
  if [ -n "$volumes" ]; then in_time 60 xargs docker volume rm -f <<<"$volumes" || return 1; fi
}

# in_time SECONDS COMMAND…: fails only when it takes longer; what it could not do is nobody's concern here.
in_time() {
  local outcome=0
  timeout "$@" >/dev/null 2>&1 || outcome=$?
  [ "$outcome" -ne 124 ]
}

# end_orphans RUN: processes and mounts of containers whose engine was killed.
end_orphans() {
  local run=$1 pid folder
  # Their folders are root's, and the numbers have no line break.
  # shellcheck disable=SC2016
  for pid in $(as_root sh -c 'for file in "$1"/exec/containerd/daemon/io.containerd.runtime.v2.task/moby/*/init.pid; do
    [ -r "$file" ] && cat "$file" && echo; done' _ "$run"); do
    as_root kill -KILL "$pid" 2>/dev/null || true
  done
  for pid in $(pgrep -f "containerd-shim.* -address $run/" || true); do as_root kill -KILL "$pid" 2>/dev/null || true; done
  awk -v run="$run/" -v data="$STEADY_TOOLS/docker/" 'index($2, run) == 1 || index($2, data) == 1 { print $2 }' /proc/mounts |
    sort -r | while read -r folder; do as_root umount -l "$folder" || true; done
}

# A Docker Engine can hang for good: that of Debian 12 (20.10) has a deadlock in its libnetwork, between the end of an
# endpoint and whoever asks for networks. One that refuses does not hang.
engine_hangs() { ! in_time 60 docker network ls; }

# restart_engine: ends our own engine where it hangs, and starts it anew and empty. Of two runs that find it hanging one
# does so.
restart_engine() {
  (
    exec 8>"$STEADY_TOOLS/.docker-start.lock"
    flock 8
    engine_hangs || return 0
    end_engine "$(engine_run)"
  )
  start_engine && clear_engine
}

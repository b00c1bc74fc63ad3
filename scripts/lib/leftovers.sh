# shellcheck shell=bash
# Tests start many servers. Every process that descends from this run carries a marker in its environment, so what is
# still there at the end is found, named and ended.

mark_processes() { export STEADY_TEST_RUN="run-$$-$(date +%s)"; }

# marked_processes: ids of processes with this run's marker, without this shell and what it runs right now.
marked_processes() {
  local environment pid
  for environment in /proc/[0-9]*/environ; do
    pid=${environment#/proc/}
    pid=${pid%/environ}
    if [ "$pid" != "$$" ] && [ "$pid" != "$BASHPID" ] &&
      tr '\0' '\n' 2>/dev/null <"$environment" | grep -qx "STEADY_TEST_RUN=$STEADY_TEST_RUN"; then
      printf '%s\n' "$pid"
    fi
  done 2>/dev/null
}

# no_leftovers: true when nothing runs any more within 5 seconds; else says what does, and ends it.
no_leftovers() {
  local tries pids pid
  for ((tries = 0; tries < 25; tries++)); do
    mapfile -t pids < <(marked_processes)
    if [ ${#pids[@]} -eq 0 ]; then return 0; fi
    sleep 0.2
  done
  printf '\nleft running by the tests, ended now:\n'
  for pid in "${pids[@]}"; do
    printf '  %s %s\n' "$pid" "$(tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline" | cut -c1-150)"
    kill -KILL "$pid" 2>/dev/null || true
  done
  return 1
}

# shellcheck shell=bash
# One function a suite of scripts/test; each gives 0 when all passed. $results is the folder of vitest's reports.

suite_format() { npm run --silent format:check -- --log-level warn && echo 'all files are formatted'; }
suite_lint() { npm run --silent lint && echo 'no findings'; }
suite_typecheck() { npm run --silent typecheck && echo 'no findings'; }
suite_build() { npm run --silent build; }
suite_unit() { run_vitest unit; }
suite_integration() { run_vitest integration; }
suite_stores() { run_vitest stores; }
suite_faults() { run_vitest faults; }
suite_crash() { run_vitest crash crash ${STEADY_CRASH_CHANGED:+test/crash/matrix}; }
suite_soak() { run_vitest soak; }
suite_cluster() { use_docker && run_vitest cluster; }

suite_kubernetes() { run_vitest kubernetes; }

suite_docker() {
  if ! has_project docker; then
    echo 'no project of that name in vitest.config.ts'
    return 0
  fi
  use_docker || return 1
  run_on_engine && return 0
  [ -e "$results/engine-hangs" ] || return 1
  rm "$results/engine-hangs"
  if [ "$DOCKER_HOST" != "unix://$(engine_run)/docker.sock" ]; then
    note "the Docker Engine at $DOCKER_HOST hangs"
    return 1
  fi
  # No test can hang an engine: it is told, and all of the suite runs on a new one.
  note "the Docker Engine hung by itself ($STEADY_TOOLS/docker.log); all of the suite runs again on a new one"
  restart_engine && run_on_engine
}

# run_on_engine: the suite, ended as soon as the engine answers no more.
run_on_engine() {
  local tests outcome=0
  run_vitest docker &
  tests=$!
  watch_engine "$tests" &
  wait "$tests" || outcome=$?
  kill $! 2>/dev/null || true
  return "$outcome"
}

watch_engine() {
  local pause=
  trap 'kill $(jobs -p) 2>/dev/null; exit 0' TERM
  while
    sleep 20 &
    pause=$!
    wait "$pause" && kill -0 "$1" 2>/dev/null
  do
    if engine_hangs && sleep 5 && engine_hangs; then
      touch "$results/engine-hangs"
      pkill -TERM -P "$1"
      return
    fi
  done
}

# The pure tests and the built command on a newer Node.js than the one on the PATH; npm carries it as a package.
suite_node22() {
  local folder=$STEADY_TOOLS/node$SECOND_NODE start
  if [ ! -x "$folder/bin/node" ]; then
    start=$(now)
    rm -rf "$folder" "$folder.new"
    mkdir -p "$folder.new"
    (cd "$folder.new" && npm install --loglevel=error --fetch-retries=5 --no-save --no-audit --no-fund --prefix . "node@$SECOND_NODE") || return 1
    mkdir "$folder.new/bin"
    cp "$(readlink -f "$folder.new/node_modules/.bin/node")" "$folder.new/bin/node"
    rm -rf "$folder.new/node_modules"
    mv -T "$folder.new" "$folder"
    installed "$start" "node $("$folder/bin/node" --version)" 'a second Node.js; npm package node'
  fi
  PATH=$folder/bin:$PATH run_vitest unit node22 || return 1
  if [ -e dist/cli/main.js ]; then
    "$folder/bin/node" dist/cli/main.js --version && "$folder/bin/node" dist/cli/main.js --help >/dev/null
  fi
}

has_project() { grep -q "name: '$1'" "$STEADY_ROOT/vitest.config.ts"; }

# run_vitest PROJECT [REPORT]: an empty project is a failure, so that a lost folder of tests is noticed.
run_vitest() {
  local report=${2:-$1}
  node node_modules/vitest/vitest.mjs run --project "$1" "${@:3}" --reporter=default --reporter=json \
    --outputFile.json="$results/$report.json"
}

print_counts() { node "$STEADY_ROOT/scripts/lib/print-counts.mjs" "$@"; }

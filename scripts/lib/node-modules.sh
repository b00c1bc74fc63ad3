# shellcheck shell=bash
# Node.js and the packages of package-lock.json.

check_node() {
  have node || fail 'Node.js is missing' "install Node.js $NODE_MINIMUM or newer, then run ./scripts/setup again"
  local version
  version=$(node -p process.versions.node)
  at_least "$NODE_MINIMUM" "$version" || fail "Node.js $version is too old" "install $NODE_MINIMUM or newer"
  have npm || fail 'npm is missing' 'install the npm that belongs to your Node.js'
}

# setup_node_modules: npm ci only when the lock file, or the major of Node.js, is another than the last time.
setup_node_modules() {
  local stamp=$STEADY_ROOT/node_modules/.steady-stamp want start log
  want="$(sha256sum <"$STEADY_ROOT/package-lock.json" | cut -d' ' -f1) node$(node -p 'process.versions.node.split(".")[0]')"
  if [ "$(cat "$stamp" 2>/dev/null)" = "$want" ]; then
    present node_modules "as package-lock.json says"
    return
  fi
  start=$(now)
  log=$(mktemp)
  (cd "$STEADY_ROOT" && npm ci --loglevel=error --no-audit --no-fund >"$log" 2>&1 7>&-) || {
    head -n 15 "$log" >&2
    fail 'npm ci failed' 'see the lines above; is the npm registry reachable?'
  }
  rm -f "$log"
  printf '%s' "$want" >"$stamp"
  installed "$start" node_modules 'npm ci: package-lock.json has changed since the last time, or this is the first'
}

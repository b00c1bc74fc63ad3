# shellcheck shell=bash
# promtool, which runs the alert rules of examples/alerts against series that a test gives.

# setup_promtool: $STEADY_TOOLS/bin/promtool, unless the PATH has one.
setup_promtool() {
  local folder=$STEADY_TOOLS/servers/debian13-promtool start unpacked
  if [ ! -x "$folder/promtool/bin/promtool" ] && have promtool; then
    present promtool "$(command -v promtool)"
    return
  fi
  if [ -x "$folder/promtool/bin/promtool" ]; then
    present promtool "$folder"
  else
    start=$(now)
    unpacked=$(scratch)
    debian13_unpack "$unpacked/root" promtool libc6
    wrap "$unpacked/promtool/bin" promtool
    "$unpacked/promtool/bin/promtool" --version >/dev/null 2>&1 || fail "Debian 13's promtool does not run here" ''
    chmod 755 "$unpacked"
    mkdir -p "$STEADY_TOOLS/servers"
    mv -T "$unpacked" "$folder"
    installed "$start" promtool "runs the alert rules; Debian 13's package, unpacked, not installed"
  fi
  point "$STEADY_TOOLS/bin/promtool" ../servers/debian13-promtool/promtool/bin/promtool
}

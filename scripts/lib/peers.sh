# shellcheck shell=bash
# The tools that ./scripts/bench compares with, as the distribution has them. One that cannot be had is left out.

setup_peers() {
  local peer
  for peer in restic pgbackrest rclone; do
    if have "$peer"; then
      present "$peer" "$(command -v "$peer")"
    else
      (apt_install 'the bench compares with it' "$peer") || note "the bench goes on without $peer"
    fi
  done
}

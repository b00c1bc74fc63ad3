# shellcheck shell=bash
# What a Docker Engine changes in the machine's network, remembered before ours starts and put back after it has ended.

# remember_network RUN
remember_network() {
  local run=$1
  if [ -e /sys/class/net/docker0 ]; then : >"$run/docker0-was-there"; fi
  cat /proc/sys/net/ipv4/ip_forward >"$run/ip-forward"
  as_root iptables-save >"$run/iptables" 2>/dev/null || true
}

# restore_network RUN: the bridge, the firewall rules of Docker, the policy of FORWARD, forwarding itself. When Docker's
# rules were there before (another engine's), nothing of the firewall is touched.
restore_network() {
  local run=$1 policy
  [ -e "$run/ip-forward" ] || return 0
  if [ ! -e "$run/docker0-was-there" ]; then as_root ip link delete docker0 2>/dev/null || true; fi
  grep -q DOCKER "$run/iptables" && return 0
  policy=$(sed -n 's/^:FORWARD \([A-Z]*\).*/\1/p' "$run/iptables" | head -n 1)
  as_root iptables-save 2>/dev/null | grep -v -e DOCKER -e docker0 | sed "s/^:FORWARD [A-Z]*/:FORWARD ${policy:-ACCEPT}/" |
    as_root iptables-restore 2>/dev/null || true
  as_root tee /proc/sys/net/ipv4/ip_forward <"$run/ip-forward" >/dev/null || true
}

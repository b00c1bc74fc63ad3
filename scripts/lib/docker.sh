# shellcheck shell=bash
# Docker for scripts: the user's own engine when it answers, else one of our own for as long as it is needed.
#   use_docker    engine up, image loaded, DOCKER_HOST and DOCKER_CONFIG exported
#   leave_docker  ends what use_docker started

# setup_docker: the programs only; nothing is started and nothing stays running.
setup_docker() {
  if docker_answers; then
    present 'docker engine' "your own: $(docker version -f '{{.Server.Version}}')"
  elif have dockerd; then
    present 'docker engine' "$(command -v dockerd), started when needed"
  else
    apt_install 'containers for tests and for the demo with --docker' docker.io iptables iproute2
  fi
  have docker || apt_install 'talks to the engine' docker-cli
  setup_compose
}

docker_answers() { have docker && timeout 20 docker info >/dev/null 2>&1; }

compose_config() { printf '%s/docker-config' "$STEADY_TOOLS"; }

# setup_compose: Compose v2 as a plugin in a configuration folder of our own, unless yours has it.
setup_compose() {
  local start unpacked
  if [ -x "$(compose_config)/cli-plugins/docker-compose" ]; then
    present 'docker compose' "$(compose_config)"
  elif docker compose version >/dev/null 2>&1; then
    present 'docker compose' 'your own'
  else
    start=$(now)
    unpacked=$(scratch)
    debian13_unpack "$unpacked" docker-compose
    mkdir -p "$unpacked/config/cli-plugins"
    mv "$unpacked"/usr/libexec/docker/cli-plugins/docker-compose "$unpacked/config/cli-plugins/"
    rm -rf "$(compose_config)"
    mv -T "$unpacked/config" "$(compose_config)"
    rm -rf "$unpacked"
    installed "$start" 'docker compose' "runs stacks of containers; Debian 13's package, unpacked, not installed"
  fi
}

use_docker() {
  local host
  if docker_answers; then
    # Our configuration folder, below, would hide a context of the user's.
    host=$(docker context inspect -f '{{.Endpoints.docker.Host}}' 2>/dev/null || true)
    if [ -n "$host" ]; then export DOCKER_HOST=$host; fi
  else
    start_engine
  fi
  docker compose version >/dev/null 2>&1 || export DOCKER_CONFIG=${DOCKER_CONFIG:-$(compose_config)}
  load_image
}

leave_docker() { stop_engine; }

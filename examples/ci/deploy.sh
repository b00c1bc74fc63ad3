#!/usr/bin/env bash
# Deploys through the HTTP API of steadyhand and waits for the end; for any CD system with bash, curl and jq.
#
#   STEADY_URL=https://ops.example.com STEADY_TOKEN=... deploy.sh STACK SERVICE=IMAGE...
#
# STEADY_REASON  why, for the record and whoever is asked
# STEADY_KEY     Idempotency-Key: a job that is run again goes on with the run it had started
# STEADY_PATIENCE  how many seconds an API that is away is waited for; default 120
# Exits as `steady deploy` does: 0 done, 3 denied or cancelled, 4 failed or aborted and the old version runs again,
# 2 wrong usage, 5 nobody reached, 1 otherwise.
set -euo pipefail

if [ $# -lt 2 ] || [ -z "${STEADY_URL:-}" ] || [ -z "${STEADY_TOKEN:-}" ]; then
  echo 'usage: STEADY_URL=... STEADY_TOKEN=... deploy.sh STACK SERVICE=IMAGE...' >&2
  exit 2
fi
stack=$1
shift
key=${STEADY_KEY:-$(printf '%s\n' "$stack" "$@" | sha256sum | cut -c1-16)-$(date +%s)}

# The token goes in by a pipe: arguments can be read by everybody on the machine.
call() {
  printf 'Authorization: Bearer %s' "$STEADY_TOKEN" |
    curl --silent --show-error --header @- --retry 6 --retry-connrefused --retry-max-time "${STEADY_PATIENCE:-120}" \
      --write-out '\n%{http_code}' "$@"
}

# Splits an answer into $status and $body; ends with what the API says where it refused.
read_answer() {
  status=${1##*$'\n'}
  body=${1%$'\n'*}
  [ "$status" -lt 400 ] && return
  jq -r '"error: \(.detail)\n  code: \(.code)\n  hint: \(.hint)"' >&2 <<<"$body" || printf '%s\n' "$body" >&2
  case $status in
    400 | 404 | 422) exit 2 ;;
    401 | 403 | 409) exit 3 ;;
    503) exit 5 ;;
    *) exit 1 ;;
  esac
}

wanted=$(for pair in "$@"; do
  jq -n --arg service "${pair%%=*}" --arg image "${pair#*=}" '{($service): {image: $image}}'
done | jq -s --arg reason "${STEADY_REASON:-}" '{services: add, reason: $reason}')

answer=$(call --request POST "$STEADY_URL/v1/stacks/$stack/deploys" \
  --header 'Content-Type: application/json' --header "Idempotency-Key: $key" --data "$wanted") || exit 5
read_answer "$answer"
run=$(jq -r .run <<<"$body")
echo "run $run"

told=0
while :; do
  answer=$(call "$STEADY_URL/v1/runs/$run?wait=20") || exit 5
  read_answer "$answer"
  steps=$(jq -r '.timeline.steps // [] | map(select(.status != "running")) | .[] | "\(.status): \(.title)"' <<<"$body")
  count=$(grep -c . <<<"$steps" || true)
  [ "$count" -gt "$told" ] && tail -n +$((told + 1)) <<<"$steps"
  told=$count
  [ "$(jq -r .ended <<<"$body")" = true ] && break
  jq -r '.approval // empty | "waits for an approval by \(.proposal.from): \(.proposal.title)"' <<<"$body"
done
jq -r '.failure // empty | "error: \(.message)\n  code: \(.code)\n  hint: \(.hint)"' <<<"$body" >&2
exit "$(jq -r .exit <<<"$body")"

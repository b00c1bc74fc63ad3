#!/usr/bin/env bash
# Deploys by a signed webhook of steadyhand: for CD systems that should hold no token. Starts, and does not wait.
#
#   STEADY_URL=https://ops.example.com STEADY_SECRET=... webhook.sh STACK HOOK SERVICE=IMAGE...
set -euo pipefail

if [ $# -lt 3 ] || [ -z "${STEADY_URL:-}" ] || [ -z "${STEADY_SECRET:-}" ]; then
  echo 'usage: STEADY_URL=... STEADY_SECRET=... webhook.sh STACK HOOK SERVICE=IMAGE...' >&2
  exit 2
fi
stack=$1 hook=$2
shift 2

body=$(for pair in "$@"; do
  jq -n --arg service "${pair%%=*}" --arg image "${pair#*=}" '{($service): {image: $image}}'
done | jq -sc '{action: "deploy", services: add}')
time=$(date +%s)
# The secret goes in by the environment: arguments can be read by everybody on the machine.
signature=$(printf '%s.%s' "$time" "$body" |
  python3 -c 'import hmac, os, sys; print(hmac.new(os.environb[b"STEADY_SECRET"], sys.stdin.buffer.read(), "sha256").hexdigest())')

printf '%s' "$body" | curl --silent --show-error --fail-with-body --request POST "$STEADY_URL/v1/hooks/$stack/$hook" \
  --header 'Content-Type: application/json' --header "Steady-Signature: t=$time,v1=$signature" --data-binary @-
echo

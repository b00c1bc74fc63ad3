#!/bin/sh
# Makes the namespace, where there is none, once Temporal answers. It keeps ended runs for 90 days. Safe to run again.
# TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE say where; the search attributes are added by `steady worker`.
set -eu
until temporal operator cluster health >/dev/null 2>&1; do sleep 1; done
temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1 ||
  temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention 90d

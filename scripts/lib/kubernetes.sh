# shellcheck shell=bash
# A Kubernetes API with a real node for the tests. No package carries the programs, so they are built from Kubernetes' own
# modules, in about 8 minutes; etcd and the network plugins are Debian's.

kubernetes_folder() { printf '%s/kubernetes-%s' "$STEADY_TOOLS" "$KUBERNETES_VERSION"; }

setup_kubernetes() {
  local folder start work go
  folder=$(kubernetes_folder)
  if [ -x "$folder/kubelet" ] && [ -x "$folder/etcd" ] && [ -x "$folder/cni/bridge" ]; then
    present "kubernetes $KUBERNETES_VERSION" "$folder"
    return
  fi
  have kubectl || fail 'no kubectl' 'install it as https://kubernetes.io/docs/tasks/tools says: 1.32 to 1.34 fit'
  start=$(now)
  work=$(scratch)
  go=$(find_go "$work")
  kubernetes_module "$go" "$work" >"$work/log" 2>&1 &&
    kubernetes_build "$go" "$work" >>"$work/log" 2>&1 7>&- || {
    tail -n 15 "$work/log" >&2
    fail 'could not build Kubernetes' 'is the Go module proxy reachable? run ./scripts/setup --for kubernetes again'
  }
  # Newer releases of etcd come from no registry; this one serves.
  (cd "$work" && { kubernetes_packages || { apt_get update && kubernetes_packages; }; } >>"$work/log" 2>&1) || {
    tail -n 5 "$work/log" >&2
    fail 'could not fetch etcd and the network plugins' 'is the Debian mirror reachable? run ./scripts/setup --for kubernetes again'
  }
  for package in "$work"/*.deb; do dpkg -x "$package" "$work/debian"; done
  cp "$work/debian/usr/bin/etcd" "$work/done/"
  mkdir -p "$work/done/cni"
  cp "$work"/debian/usr/lib/cni/* "$work/done/cni/"
  rm -rf "$folder"
  mv -T "$work/done" "$folder"
  rm -rf "$work"
  installed "$start" "kubernetes $KUBERNETES_VERSION" 'API server, controllers, scheduler and kubelet; built from source'
}

kubernetes_packages() { apt-get download -q etcd-server containernetworking-plugins; }

# kubernetes_module GO WORK: a module that requires Kubernetes, with its staging modules at the version that belongs to it.
# Two of them, which nothing of it compiles, were never published at that version.
kubernetes_module() {
  local go=$1 work=$2 mod name version
  export GOPATH=$work/path GOCACHE=$work/cache GOFLAGS='-modcacherw -buildvcs=false' GOWORK=off CGO_ENABLED=0
  mkdir -p "$work/module" "$work/done"
  cd "$work/module" || return 1
  "$go" mod download "k8s.io/kubernetes@v$KUBERNETES_VERSION" || return 1
  mod=$work/path/pkg/mod/cache/download/k8s.io/kubernetes/@v/v$KUBERNETES_VERSION.mod
  {
    echo 'module build'
    sed -n '/^go [0-9]/p;/^godebug default/p' "$mod"
    echo "require k8s.io/kubernetes v$KUBERNETES_VERSION"
    echo 'replace ('
    sed -n 's/^\t\(k8s.io\/[a-z0-9-]*\) => \.\/staging.*/\1/p' "$mod" | while read -r name; do
      case $name in
      */code-generator) version=v0.33.0 ;;
      */sample-apiserver) version=v0.33.3 ;;
      */sample-c*) continue ;;
      *) version=v0.${KUBERNETES_VERSION#1.} ;;
      esac
      printf '\t%s => %s %s\n' "$name" "$name" "$version"
    done
    echo ')'
  } >go.mod
}

# kubernetes_build GO WORK: politely, for other parts of the set-up run beside it.
kubernetes_build() {
  local go=$1 work=$2 component=k8s.io/component-base/version
  local flags="-s -w -X $component.gitVersion=v$KUBERNETES_VERSION -X $component.gitMajor=1 -X $component.gitMinor=33"
  cd "$work/module" || return 1
  nice -n 10 "$go" build -mod=mod -trimpath -ldflags "$flags" -o "$work/done/" \
    k8s.io/kubernetes/cmd/kube-apiserver k8s.io/kubernetes/cmd/kube-controller-manager \
    k8s.io/kubernetes/cmd/kube-scheduler k8s.io/kubernetes/cmd/kubelet
}

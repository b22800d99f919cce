#!/bin/sh
# Makes .venv, with the packages of envs/requirements.lock in it.
# Where .venv is up to date it does nothing, quickly.
# PYTHON=/path/to/python chooses the Python to make it with.
set -eu

say() { printf '%s\n' "set_up_python: $*"; }
fail() {
    say "$@" >&2
    exit 1
}

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
cd -- "$root"
lock=envs/requirements.lock
# The stamp is written last, so a .venv without one is half made. It names this
# folder too, since the programs in a .venv that was moved no longer start.
stamp=.venv/set-up.stamp
wanted="$(cksum <"$lock") $root"

venv_runs() { .venv/bin/python -I -S -c '' 2>/dev/null; }

made=$(cat "$stamp" 2>/dev/null || true)
if [ "$made" = "$wanted" ] && venv_runs; then
    exit 0
fi

# What a shell or an image (Colab's sets PYTHONPATH) says about other Pythons
# must not reach this one; nor should the python of .venv make .venv.
unset PYTHONPATH PYTHONHOME PIP_TARGET PIP_PREFIX PIP_REQUIRE_VIRTUALENV
export PIP_USER=0
PATH=$(printf '%s\n' "$PATH" | tr ':' '\n' | grep -vxF -- "$root/.venv/bin" | paste -s -d ':' -)
export PATH

# shellcheck source=envs/apt.sh
. envs/apt.sh

has_module() { "$python" -c "import $1" 2>/dev/null; }

# A Python 3.14 compiles the package immutables, which has no wheel for it.
can_compile() {
    command -v cc >/dev/null &&
        "$1" -c 'import os, sys, sysconfig; sys.exit(not os.path.exists(sysconfig.get_path("include") + "/Python.h"))'
}

# Sets python and version; or says in one line why there is none, and ends.
choose_python() {
    if [ -n "${PYTHON-}" ]; then
        set -- "$PYTHON"
    else
        set -- python3 python3.13 python3.12 python3.11 python3.14
    fi
    found=
    for python in "$@"; do
        python=$(command -v "$python") || continue
        version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) || continue
        case $version in
        3.11 | 3.12 | 3.13) return ;;
        3.14) if can_compile "$python"; then return; fi
            version="3.14 without a C compiler and Python.h" ;;
        esac
        found="$found${found:+, }$python ($version)"
    done
    fail "Python 3.11, 3.12 or 3.13 is needed; found ${found:-none${PYTHON:+ at $PYTHON}}. Install one (Debian 12, Ubuntu 24.04: python3; macOS: brew install python@3.13), or name one: make ... PYTHON=/path/to/python3"
}

# An empty .venv with pip in it. Debian keeps what `python -m venv` needs for
# that in a package of its own; another pip can put pip there as well.
make_venv() {
    if ! has_module ensurepip && ! has_other_pip; then
        install_ensurepip
    fi
    if has_module ensurepip; then
        "$python" -m venv --clear .venv || fail "'$python -m venv' failed, see above."
    else
        say "This Python has no ensurepip: taking its pip to set up .venv."
        "$python" -m venv --clear --without-pip .venv || fail "'$python -m venv' failed, see above."
        "$python" -m pip --python .venv/bin/python install -qq --disable-pip-version-check --no-input pip ||
            fail "pip could not be installed into .venv, see above."
    fi
}

# `pip --python` is there from pip 22.3.
has_other_pip() { has_module venv && "$python" -m pip --python "$python" --version >/dev/null 2>&1; }

install_ensurepip() {
    package=python$version-venv
    command -v apt-get >/dev/null ||
        fail "$python has neither ensurepip nor pip. Install either, then run this again."
    may_be_root ||
        fail "$package is needed. Have it installed (as root: apt-get install $package), then run this again."
    say "Installing the package $package with apt-get (about 3 MB): Python's venv needs it."
    { apt_install "$package" && has_module ensurepip; } ||
        fail "$package could not be installed. As root: apt-get install $package. Then run this again."
}

case "$(uname -s) $(uname -m)" in
"Darwin x86_64") fail "PyTorch has no build for Macs with an Intel processor (nor for an x86_64 Python on others)." ;;
esac

if [ "${made#* * }" = "$root" ] && venv_runs; then
    say "envs/requirements.lock has changed: installing the difference into .venv."
else
    # Making it anew would empty the folder that the link leads to.
    [ ! -L .venv ] || fail ".venv is a link to an environment that is not finished or not for here: remove the link."
    choose_python
    if [ -e .venv ]; then
        say "Making .venv anew with Python $version: the old one is unfinished, broken or was moved."
    else
        say "Making .venv with Python $version."
    fi
    make_venv
    say "Installing packages into .venv, once: PyTorch is about 3 GB to download (6 GB on disk) with CUDA on Linux, else far less. This can take 10 minutes."
fi

rm -f "$stamp"
# pip keeps gigabytes of wheels in its temporary folder, and /tmp is often small.
mkdir -p .venv/tmp
TMPDIR=$root/.venv/tmp .venv/bin/python -m pip install -qq --disable-pip-version-check --no-input \
    --require-hashes -r "$lock" ||
    fail "pip could not install the packages of $lock, see above."
rm -rf .venv/tmp
printf '%s\n' "$wanted" >"$stamp"

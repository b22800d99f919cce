#!/bin/sh
# Finds what turns the report into PDF: latexmk with pdflatex and the packages
# that the report uses, or tectonic, which fetches packages itself. Where neither
# is there it installs LaTeX on Debian and Ubuntu, and elsewhere says what to install.
# Where all is well it says nothing. TIMBANG_TEX=latexmk or =tectonic asks for one of them.
set -eu

say() { printf '%s\n' "set_up_tex: $*"; }
fail() {
    say "$@" >&2
    exit 1
}

packages="latexmk texlive-latex-base texlive-latex-recommended texlive-fonts-recommended texlive-lang-other"
# What report/templates/page.tex.j2 loads, and its languages.
# ptmr8t.tfm and phvr8t.tfm: mathptmx and helvet come without their fonts at times.
files="scrartcl.cls fontenc.sty inputenc.sty textcomp.sty babel.sty mathptmx.sty helvet.sty microtype.sty
    geometry.sty amsmath.sty graphicx.sty array.sty booktabs.sty longtable.sty xcolor.sty caption.sty
    scrlayer-scrpage.sty hyperref.sty indonesian.ldf english.ldf ptmr8t.tfm phvr8t.tfm"

# Prints what is missing, be it programs or files.
missing_for_latexmk() {
    for program in latexmk pdflatex kpsewhich; do
        command -v "$program" >/dev/null || printf ' %s' "$program"
    done
    command -v kpsewhich >/dev/null || return 0
    # shellcheck disable=SC2086 # a list of names
    kpsewhich $files >/dev/null && return # all at once is quick
    for file in $files; do
        kpsewhich "$file" >/dev/null || printf ' %s' "$file"
    done
}
has_latexmk() { [ -z "$(missing_for_latexmk)" ]; }
has_tectonic() { command -v tectonic >/dev/null; }

# shellcheck source=envs/apt.sh
. "$(dirname -- "$0")/apt.sh"

case ${TIMBANG_TEX-} in
tectonic)
    has_tectonic || fail "TIMBANG_TEX=tectonic, but tectonic is not installed (macOS: brew install tectonic; conda: envs/tex.yaml)."
    exit ;;
latexmk) ! has_latexmk || exit 0 ;;
'') ! has_latexmk && ! has_tectonic || exit 0 ;;
*) fail "TIMBANG_TEX must be latexmk or tectonic, not '$TIMBANG_TEX'." ;;
esac

if ! command -v apt-get >/dev/null; then
    case $(uname -s) in
    Darwin) how="brew install tectonic (or install MacTeX)" ;;
    *) how="tectonic, or TeX Live with latexmk, through your package manager or conda (envs/tex.yaml)" ;;
    esac
    fail "The report needs LaTeX (missing:$(missing_for_latexmk)). Install: $how."
fi
may_be_root || fail "The report needs LaTeX. Have it installed (as root: apt-get install $packages), or install tectonic; then run this again."

say "Installing LaTeX with apt-get, once: $packages (about 200 MB to download, 420 MB on disk). This can take some minutes."
# shellcheck disable=SC2086 # a list of names
apt_install $packages ||
    fail "LaTeX could not be installed, see above. As root: apt-get install $packages. Then run this again."
missing=$(missing_for_latexmk)
[ -z "$missing" ] || fail "LaTeX is installed, but still missing:$missing. Install these, or tectonic."

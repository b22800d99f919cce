#!/usr/bin/env bash
# with-cluster.sh COMMAND...: runs a command with a throw-away Slurm cluster of two nodes around it.
#
# It has a network (loopback alone), mounts (/etc/slurm), a hostname and a process tree of its own:
# however it ends, every daemon and every job ends with it. SLURM_DIR, a folder that everybody may
# enter, keeps the cluster's files: run/<daemon>.main (process ids), log/, log/jobcomp.txt. After
# SECONDS_AT_MOST (1500) all is killed.
#
# with-cluster.sh --up DAEMON, --down DAEMON: within such a command, starts or ends one of
# slurmctld, withgpu and plain, as a machine that is switched on or off.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

await() { # await SECONDS COMMAND...
    local left=$(($1 * 10))
    shift
    while ! "$@" 2>/dev/null; do
        left=$((left - 1))
        [ $left -gt 0 ] || return 1
        sleep 0.1
    done
}

start() { # start NAME COMMAND...
    local name=$1
    shift
    "$@" </dev/null >>"$SLURM_DIR/log/$name.out" 2>&1 &
    echo $! >"$SLURM_DIR/run/$name.main"
}

up() {
    case $1 in
    munged)
        start munged munged --foreground --key-file="$SLURM_DIR/munge.key" \
            --socket="$SLURM_DIR/run/munge.sock" --pid-file="$SLURM_DIR/run/munged.pid" \
            --seed-file="$SLURM_DIR/run/munge.seed" --log-file="$SLURM_DIR/log/munged.log"
        ;;
    slurmctld) start slurmctld slurmctld -D ;;
    *) start "$1" slurmd -D -N "$1" ;;
    esac
}

gone() { ! kill -0 "$1"; }
down() {
    local pid
    pid=$(cat "$SLURM_DIR/run/$1.main")
    kill "$pid" 2>/dev/null || true
    await 10 gone "$pid" || kill -9 "$pid"
}

ready() { [ "$(sinfo -h -N -o %T | sort -u)" = idle ]; }

case $1 in
--up) up "$2" && exit ;;
--down) down "$2" && exit ;;
esac

if [ "${TIMBANG_IN_CLUSTER:-}" != 1 ]; then
    own=$(mktemp -d /tmp/timbang-slurm.XXXXXX)
    chmod 755 "$own" # as munge wants it
    status=0
    TIMBANG_IN_CLUSTER=1 SLURM_DIR=$own timeout -s KILL "${SECONDS_AT_MOST:-1500}" \
        unshare --mount --net --uts --pid --fork --kill-child --mount-proc "$0" "$@" || status=$?
    rm -rf "$own"
    exit $status
fi

ip link set lo up
# Slurm asks for addresses of the kinds that the machine has, and 127.0.0.1 alone counts for none.
ip addr add 127.0.0.2/8 dev lo
hostname localhost
mkdir -p "$SLURM_DIR"/{run,log,state,spool/withgpu,spool/plain,etc} /etc/slurm
# The srun within a job forgets SLURM_CONF, so that only this place will do.
mount --bind "$SLURM_DIR/etc" /etc/slurm
sed "s|@DIR@|$SLURM_DIR|g" "$here/slurm.conf.in" >/etc/slurm/slurm.conf
cp "$here/gres.conf" /etc/slurm/gres.conf
(umask 077 && head -c 128 /dev/urandom >"$SLURM_DIR/munge.key")
up munged
await 5 test -S "$SLURM_DIR/run/munge.sock"
up slurmctld
up withgpu
up plain
await 20 ready || {
    sinfo -R
    tail -n 20 "$SLURM_DIR"/log/*.out "$SLURM_DIR"/log/*.log
    exit 1
} >&2
"$@"

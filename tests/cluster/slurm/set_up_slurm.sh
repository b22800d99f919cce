#!/bin/sh
# Installs Debian's Slurm where it is missing. Status 1, and a line that says why, where the tests
# of a cluster cannot run.
set -eu
cd "$(dirname -- "$0")/../../.."
# shellcheck source=envs/apt.sh
. envs/apt.sh

skip() {
    echo "Skipped: $*"
    exit 1
}

[ "$(id -u)" -eq 0 ] || skip "a cluster of its own needs root"
unshare --mount --net --uts --pid --fork --kill-child --mount-proc true 2>/dev/null ||
    skip "this system (a container?) allows no namespaces of its own"
for program in slurmctld slurmd sbatch munged ip; do
    command -v "$program" >/dev/null && continue
    command -v apt-get >/dev/null || skip "$program is not here, nor apt-get to install it"
    apt_install slurmctld slurmd slurm-client munge iproute2 ||
        skip "slurmctld, slurmd, slurm-client, munge and iproute2 could not be installed"
    break
done

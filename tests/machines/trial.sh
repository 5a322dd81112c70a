# Mounts what no machine can do without.
# usage: trial.sh DIRECTORY
set -eu
cd "$1"
mkdir lower upper work root cgroup proc sys
mount -t overlay overlay -o lowerdir=lower,upperdir=upper,workdir=work root
mount -t proc proc proc
mount -t sysfs sysfs sys -o ro
mount -t cgroup2 cgroup2 cgroup
mkdir cgroup/trial
rmdir cgroup/trial
cd root
mkdir before
pivot_root . before

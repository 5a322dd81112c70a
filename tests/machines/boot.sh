# The first process of a machine: mounts what a machine has, then becomes systemd.
# usage: boot.sh ROOT OVERLAY-OPTIONS HOSTNAME
set -eu
PATH=/usr/sbin:/usr/bin:/sbin:/bin
root=$1
mount -t overlay overlay -o "$2" "$root"
mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys" -o ro
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
mount -t tmpfs tmpfs "$root/run" -o mode=755
mount -t tmpfs tmpfs "$root/tmp" -o mode=1777
mount -t tmpfs tmpfs "$root/dev" -o mode=755
for device in null zero full random urandom tty; do
    touch "$root/dev/$device"
    mount --bind "/dev/$device" "$root/dev/$device"
done
touch "$root/dev/console"
mount --bind /dev/null "$root/dev/console"
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts devpts "$root/dev/pts" -o newinstance,ptmxmode=0666,mode=620,gid=5
mount -t tmpfs tmpfs "$root/dev/shm" -o mode=1777
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
ln -s /proc/self/fd/0 "$root/dev/stdin"
ln -s /proc/self/fd/1 "$root/dev/stdout"
ln -s /proc/self/fd/2 "$root/dev/stderr"
cd "$root"
mkdir run/before
pivot_root . run/before # in a chroot no unit could have PrivateUsers=
umount -l run/before
rmdir run/before
hostname "$3"
ip link set lo up
exec env -i container=lxc /lib/systemd/systemd --log-target=journal

# Makes a Debian that boots in namespaces.
# usage: base.sh ROOT RELEASE PACKAGES USER-ID [ARCHIVE]
set -eu
root=$1 release=$2 packages=$3 user_id=$4 archive=$5
debootstrap --variant=minbase "--include=$packages" "$release" "$root" ${archive:+"$archive"}
rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/* "$root"/etc/ssh/ssh_host_*
rm -f "$root/etc/resolv.conf" "$root/etc/machine-id" "$root/var/lib/dbus/machine-id"
: >"$root/etc/resolv.conf"
echo force-unsafe-io >"$root/etc/dpkg/dpkg.cfg.d/no-sync"
chroot "$root" useradd --uid "$user_id" --create-home --shell /bin/bash deploy
mkdir "$root/etc/ssh/authorized_keys"

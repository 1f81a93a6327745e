#!/bin/sh
# The first process of a User Mode Linux kernel whose root is the machine's own: mounts, modules, one command, the end.
# The kernel passes on, as environment: UML_MODULES (with commas), UML_COMMAND (a script), UML_RESULT (gets its exit code).
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/ LANG=C.UTF-8 TMPDIR=/media
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t tmpfs -o mode=755 tmpfs /run
mount -t tmpfs tmpfs /media  # not in /run: a node of the lab has its own
[ -c /dev/null ] || mount -t devtmpfs devtmpfs /dev
ln -sfn /proc/self/fd /dev/fd
mkdir -p /run/lock /dev/shm "/run/kmod/lib/modules"
ln -s "/usr/lib/uml/modules/$(uname -r)" "/run/kmod/lib/modules/$(uname -r)"
for module in $(echo "$UML_MODULES" | tr , ' '); do
    modprobe -d /run/kmod "$module" || echo "no module $module in this kernel"
done
ip link set lo up
sh "$UML_COMMAND"
echo $? > "$UML_RESULT"
poweroff -f

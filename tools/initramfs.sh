#!/bin/bash
# Makes the initramfs: a newc cpio archive, the same bytes for the same contents.
#
#   tools/initramfs.sh [--own] OUTPUT [PACKAGE...]
#
# With Debian's i386 busybox (fetched if need be) process 1 is busybox's init and the shell
# is its ash, on processors that can run them (user/start.c). Without it, or with --own, they
# are user/init and user/sh, which need less than 4 MB of memory. Our programs are taken from
# build/user/bin, where user.mk puts them.
#
# With PACKAGEs, these Debian i386 packages and all they depend on are in it as well
# (tools/debian-tree.sh). Process 1 stays busybox's; the shells are bash at the prompt and dash as
# /bin/sh, as on every Debian, since busybox's prefers its own programs to those of packages.
#
# Devices are not in the archive: the kernel provides /dev by itself.
set -eu
cd "$(dirname "$0")/.."
umask 022

own=
[ "${1:-}" = --own ] && { own=yes; shift; }
[ $# -ge 1 ] || { echo "usage: tools/initramfs.sh [--own] OUTPUT [PACKAGE...]" >&2; exit 2; }
output=$1
shift
mkdir -p "$(dirname "$output")"
output=$(realpath "$output")

programs=build/user/bin
shell=/bin/sh
busybox=build/i386/busybox-static/bin/busybox
stage=$(mktemp -d "$output.stage.XXXXXX")
trap 'rm -rf "$stage"' EXIT

# What an i386 busybox of Debian 12 has, for a host that cannot run it to ask.
usual_applets='[ [[ ar ascii ash awk base64 basename bc bunzip2 bzcat bzip2 cal cat chgrp
chmod chown chroot clear cmp cp cpio cttyhack cut date dc dd df diff dirname dmesg dos2unix
du echo ed egrep env expand expr factor fallocate false fdisk fgrep find findfs fold free getopt getty
grep groups gunzip gzip halt head hexdump hostid hostname id init ionice kill killall less
link linux32 ln logname losetup ls lzcat lzma md5sum mkdir mke2fs mkfifo mknod mkswap mktemp more
mount mv nl nproc od openvt paste patch pidof poweroff printf ps pwd readlink realpath reboot
renice reset rev rm rmdir sed seq setpriv setsid sh sha1sum sha256sum sha512sum shuf sleep
sort stat strings stty su swapoff swapon switch_root sync sysctl tac tail tar taskset tee test
time timeout top touch tr true truncate ts tty umount uname unexpand uniq unix2dos unlink
unlzma unshare unxz uptime usleep uudecode uuencode vi watch wc which whoami xargs xxd xz
xzcat yes zcat'

applets() {
	"$busybox" --list 2>/dev/null || tr ' ' '\n' <<<"$usual_applets"
}

make_tree() {
	mkdir -p "$stage"/{bin,sbin,usr/bin,usr/sbin,etc,dev,proc,root,mnt,var/tmp}
	mkdir -p -m 1777 "$stage/tmp"
	ln -sf /proc/mounts "$stage/etc/mtab"
	echo 'root::0:0:root:/root:/bin/sh' >"$stage/etc/passwd"
	echo 'nobody:x:65534:65534:nobody:/:/bin/false' >>"$stage/etc/passwd"
	printf 'root:x:0:\ntty:x:5:\nnogroup:x:65534:\n' >"$stage/etc/group"
	echo loft >"$stage/etc/hostname"
	echo /bin/sh >"$stage/etc/shells"
	cat >"$stage/etc/profile" <<-'EOF'
		export PATH=/bin:/sbin:/usr/bin:/usr/sbin HOME=/root
		export PS1='loft:\w# '
		cd
	EOF
}

# Our demonstrations; init and sh go where they do not hide busybox's.
install_programs() {
	local program name
	for program in "$programs"/*; do
		[ -x "$program" ] || continue
		name=$(basename "$program")
		case $name in
		init | start) install "$program" "$stage/sbin/loft-$name" ;;
		sh) install "$program" "$stage/bin/loft-sh" ;;
		*) install "$program" "$stage/bin/$name" ;;
		esac
	done
}

# there PROGRAM: true if a package has brought it, perhaps as a link that leads nowhere on the host
there() {
	local folder
	for folder in bin sbin usr/bin usr/sbin; do
		[ -e "$stage/$folder/$1" ] || [ -L "$stage/$folder/$1" ] && return
	done
	return 1
}

install_busybox() {
	local applet
	install "$busybox" "$stage/bin/busybox"
	for applet in $(applets); do
		there "$applet" || ln -s busybox "$stage/bin/$applet"
	done
	ln -sf ../bin/busybox "$stage/sbin/init"
	ln -s sbin/loft-start "$stage/init"
	cat >"$stage/etc/inittab" <<-EOF
		::sysinit:/etc/rc
		::respawn:-$shell
		::ctrlaltdel:/bin/reboot
		::shutdown:/bin/sync
	EOF
	cat >"$stage/etc/rc" <<-EOF
		#!/bin/sh
		mount -t proc proc /proc
		mkdir -p /dev/shm
		mount -t tmpfs -o nosuid,nodev,mode=1777 tmpfs /dev/shm
		hostname -F /etc/hostname
		# Where the console is the serial line and there is a screen, that gets a shell too.
		case \$(cat /proc/cmdline) in
		*console=tty0*console=ttyS0*)
			if [ -c /dev/ttyS0 ] && [ -c /dev/tty1 ]; then
				echo 'tty1::respawn:-$shell' >>/etc/inittab
				kill -HUP 1
			fi
			;;
		esac
		echo "This is \$(uname -v)."
		echo "Our programs: twopages sparse protect trespass grow fill flood. poweroff ends it."
	EOF
	chmod 755 "$stage/etc/rc"
}

install_own() {
	if [ ! -x "$programs/init" ]; then
		echo "initramfs: neither busybox nor our own init is there" >&2
		exit 1
	fi
	ln -s sbin/loft-init "$stage/init"
	ln -s loft-sh "$stage/bin/sh"
}

if [ -z "$own" ] && [ ! -f "$busybox" ] && ! tools/fetch-packages.sh busybox-static; then
	echo "initramfs: busybox-static is missing; the image gets our own init and shell" >&2
	own=yes
fi

if [ $# -gt 0 ]; then
	tools/debian-tree.sh "$stage" bash dash ncurses-base "$@"
	shell=/bin/bash
	echo 'set enable-bracketed-paste off' >"$stage/etc/inputrc"
fi
make_tree
install_programs
if [ -z "$own" ]; then
	install_busybox
else
	install_own
fi

# One time stamp for all: that of the last commit, if it can be had.
epoch=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}
find "$stage" -exec touch -h -d "@$epoch" {} +
(cd "$stage" && find . -mindepth 1 | LC_ALL=C sort |
	cpio --quiet -o -H newc --owner 0:0 --reproducible) >"$output.new"
mv "$output.new" "$output"

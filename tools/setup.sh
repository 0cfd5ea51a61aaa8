#!/bin/bash
# Installs what a part of the work needs and this machine does not have.
#
#   tools/setup.sh GROUP...      GROUP: build iso run disk test gdb format firmware toolchain
#
# Each line of the table below is a group, a Debian package and the test that tells whether
# it is needed: "cmd NAME" (a command on the PATH) or "file PATTERN" (a file that exists).
# The tests alone decide, so a system that has the tools from elsewhere is left as it is, and
# a second call costs a few milliseconds. As root, or through sudo; on a system without
# apt-get the missing packages are named and the script ends with 1.
set -u
cd "$(dirname "$0")/.." || exit 1

table='
build     make                 cmd make
build     nasm                 cmd nasm
build     binutils             cmd ld
build     cpio                 cmd cpio
build     python3              cmd python3
build     psf-unifont          file /usr/share/consolefonts/Unifont-APL8x16.psf.gz
iso       grub-common          cmd grub-mkrescue
iso       grub-pc-bin          file /usr/lib/grub/i386-pc/multiboot.mod
iso       grub-efi-amd64-bin   file /usr/lib/grub/x86_64-efi/multiboot.mod
iso       grub-efi-ia32-bin    file /usr/lib/grub/i386-efi/multiboot.mod
iso       xorriso              cmd xorriso
iso       mtools               cmd mformat
run       qemu-system-x86      cmd qemu-system-i386
disk      e2fsprogs            file /sbin/mke2fs
disk      util-linux           file /sbin/mkswap
test      gcc                  cmd gcc
test      libc6-dev            file /usr/include/stdio.h
test      libc6-dev-i386       file /usr/lib32/libc.a
test      lib32gcc-12-dev      file /usr/lib/gcc/x86_64-linux-gnu/*/32/libasan.a
test      libcmocka-dev        file /usr/include/cmocka.h
test      python3-pytest       cmd pytest-3
test      python3-pytest-xdist file /usr/lib/python3/dist-packages/xdist/__init__.py
test      python3-pexpect      file /usr/lib/python3/dist-packages/pexpect/__init__.py
test      python3-pyte         file /usr/lib/python3/dist-packages/pyte/__init__.py
test      e2fsprogs            file /sbin/mke2fs
test      util-linux           file /sbin/mkswap
test      fdisk                file /sbin/sfdisk
test      procps               cmd ps
test      qemu-utils           cmd qemu-nbd
test      gdb                  cmd gdb
gdb       gdb                  cmd gdb
format    clang-format         cmd clang-format
firmware  ovmf                 file /usr/share/ovmf/OVMF.fd
firmware  ovmf-ia32            file /usr/share/OVMF/OVMF32_CODE_4M.secboot.fd
toolchain g++                  cmd g++
toolchain make                 cmd make
toolchain binutils-source      file /usr/src/binutils/binutils-*.tar.xz
toolchain gcc-12-source        file /usr/src/gcc-12/gcc-*-dfsg.tar.xz
toolchain libgmp-dev           file /usr/include/*/gmp.h
toolchain libmpfr-dev          file /usr/include/mpfr.h
toolchain libmpc-dev           file /usr/include/mpc.h
toolchain zlib1g-dev           file /usr/include/zlib.h
toolchain xz-utils             cmd xz
toolchain bison                cmd bison
toolchain flex                 cmd flex
toolchain texinfo              cmd makeinfo
toolchain m4                   cmd m4
toolchain file                 cmd file
'

usage() {
	echo "usage: tools/setup.sh GROUP..." >&2
	echo "groups: $(awk 'NF { print $1 }' <<<"$table" | sort -u | tr '\n' ' ')" >&2
	exit 2
}

# present KIND WHAT: true if the command, or a file that matches the pattern, is there
present() {
	case $1 in
	cmd) command -v "$2" >/dev/null ;;
	file) compgen -G "$2" >/dev/null ;;
	esac
}

# The kernel's compiler: any of the three that the Makefile accepts will do.
have_compiler() {
	[ -n "${CROSS_COMPILE:-}" ] && return 0
	[ -x "${LOFT_TOOLCHAIN:-build/toolchain}/bin/i686-elf-gcc" ] && return 0
	present cmd i686-elf-gcc || present cmd i686-linux-gnu-gcc && return 0
	present cmd gcc && echo 'int i;' | gcc -m32 -xc -c -o /dev/null - 2>/dev/null
}

# Prints the packages that the groups want and the machine lacks, one a line.
missing_packages() {
	local group name package kind what
	for group in "$@"; do
		while read -r name package kind what; do
			[ "$name" = "$group" ] || continue
			present "$kind" "$what" || echo "$package"
		done <<<"$table"
		if [ "$group" = build ]; then
			have_compiler || echo gcc-i686-linux-gnu
		fi
		# Without its window package QEMU has only the serial console.
		if [ "$group" = run ] && [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then
			present file '/usr/lib/*/qemu/ui-gtk.so' || echo qemu-system-gui
		fi
	done | sort -u
}

as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	else
		sudo "$@"
	fi
}

install_packages() {
	local apt=(apt-get -q -y -oDPkg::Lock::Timeout=300)
	# A mirror in the middle of its own update can make this fail and leave usable lists:
	# whether the packages can be had is for the installation to say.
	as_root "${apt[@]}" update ||
		echo "setup: the package lists could not all be renewed; trying with what is there" >&2
	as_root env DEBIAN_FRONTEND=noninteractive \
		"${apt[@]}" install --no-install-recommends "$@"
}

[ $# -gt 0 ] || usage
for group in "$@"; do
	awk '{ print $1 }' <<<"$table" | grep -qx "$group" || usage
done

mapfile -t missing < <(missing_packages "$@")
[ ${#missing[@]} -eq 0 ] && exit 0

# Only one installs at a time; whoever waited looks again.
mkdir -p build
exec 9>build/.setup.lock
if command -v flock >/dev/null; then
	flock 9
	mapfile -t missing < <(missing_packages "$@")
	[ ${#missing[@]} -eq 0 ] && exit 0
fi

if ! command -v apt-get >/dev/null; then
	echo "setup: not a Debian system. Please install what these Debian packages hold:" >&2
	echo "  ${missing[*]}" >&2
	exit 1
fi
if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; then
	echo "setup: neither root nor sudo. Please install as root:" >&2
	echo "  apt-get install --no-install-recommends ${missing[*]}" >&2
	exit 1
fi
echo "setup: installing ${missing[*]}"
if ! install_packages "${missing[@]}"; then
	echo "setup: could not be installed: ${missing[*]}" >&2
	exit 1
fi
mapfile -t missing < <(missing_packages "$@")
if [ ${#missing[@]} -gt 0 ]; then
	echo "setup: still missing after installation: ${missing[*]}" >&2
	exit 1
fi

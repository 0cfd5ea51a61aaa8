#!/bin/bash
# Fetches the kernel of Debian's linux-image-686 and prints where it is: build/bench/vmlinuz-VERSION.
# Of its modules, those for virtio's disks and ext2 (which its ext4 serves) are beside it, in the folder
# build/bench/modules-VERSION, without the folders they were in. Nothing else of the package is
# unpacked, and what is there already is not fetched again.
# $LOFT_CACHE is as for tools/fetch-packages.sh. Ends with 1 if it can neither be fetched nor found.
set -eu
cd "$(dirname "$0")/../.."
. tools/apt-i386.sh

newest_of() {
	compgen -G "$1" | sort -V | tail -n 1
}

# The package linux-image-686 is empty: the kernel is in the one that it depends on.
package_with_kernel() {
	tools/fetch-packages.sh linux-image-686 >&2
	dpkg-deb -f "$(newest_of "$cache/linux-image-686_*_i386.deb")" Depends |
		sed 's/[ (,].*//'
}

# fetch PACKAGE: its .deb ends up in the cache
fetch() {
	[ -n "$(newest_of "$cache/$1_*_i386.deb")" ] && return
	echo "debian-kernel: fetching $1 (52 MB)" >&2
	(cd "$cache" && "${apt[@]}" download "$1" >"$apt_state/download.log" 2>&1) || {
		tail -n 2 "$apt_state/download.log" | sed 's/^/  /' >&2
		return 1
	}
}

# unpack PACKAGE: its kernel, and after it the modules
unpack() {
	local version
	stage=$(mktemp -d)
	trap 'rm -rf "$stage"' EXIT
	dpkg-deb --fsys-tarfile "$(newest_of "$cache/$1_*_i386.deb")" |
		tar -x -C "$stage" --wildcards './boot/vmlinuz-*' "${modules[@]/#/*/}"
	mkdir -p build/bench
	version=$(basename "$stage"/boot/vmlinuz-*)
	version=${version#vmlinuz-}
	mv "$stage/boot/vmlinuz-$version" build/bench/
	rm -rf "build/bench/modules-$version"
	mkdir "$stage/modules"
	find "$stage/lib" -name '*.ko' -exec mv -t "$stage/modules" {} +
	mv "$stage/modules" "build/bench/modules-$version"
}

modules=(virtio.ko virtio_ring.ko virtio_pci_legacy_dev.ko virtio_pci_modern_dev.ko virtio_pci.ko
	virtio_blk.ko crc32c_generic.ko crc16.ko mbcache.ko jbd2.ko ext4.ko)

if [ -z "$(newest_of 'build/bench/vmlinuz-*-686')" ] ||
	[ -z "$(newest_of 'build/bench/modules-*-686')" ]; then
	package=$(package_with_kernel)
	(apt_lock && fetch "$package")
	unpack "$package"
fi
newest_of 'build/bench/vmlinuz-*-686'

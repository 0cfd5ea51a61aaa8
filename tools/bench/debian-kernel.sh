#!/bin/bash
# Fetches the kernel of Debian's linux-image-686 and prints where it is: build/bench/vmlinuz-VERSION.
# Nothing else of the package is unpacked, and one that is there already is not fetched again.
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

if [ -z "$(newest_of 'build/bench/vmlinuz-*-686')" ]; then
	package=$(package_with_kernel)
	(apt_lock && fetch "$package")
	stage=$(mktemp -d)
	trap 'rm -rf "$stage"' EXIT
	dpkg-deb --fsys-tarfile "$(newest_of "$cache/${package}_*_i386.deb")" |
		tar -x -C "$stage" --wildcards './boot/vmlinuz-*'
	mkdir -p build/bench
	mv "$stage"/boot/vmlinuz-* build/bench/
fi
newest_of 'build/bench/vmlinuz-*-686'

#!/bin/bash
# Fetches Debian i386 packages and unpacks them, without root and without touching the
# system's own architectures or package lists.
#
#   tools/fetch-packages.sh PACKAGE...
#
# Each ends up unpacked in build/i386/PACKAGE/. The .deb files are kept in build/cache (or
# $LOFT_CACHE): what is there is not fetched again, and no network is needed for it
# (tools/apt-i386.sh). Ends with 1 if a package can neither be fetched nor found.
set -u
cd "$(dirname "$0")/.." || exit 1
[ $# -gt 0 ] || { echo "usage: tools/fetch-packages.sh PACKAGE..." >&2; exit 2; }

. tools/apt-i386.sh

# Prints the newest kept copy of a package, nothing if there is none.
kept_copy() {
	compgen -G "$cache/$1_*_*.deb" | sort -V | tail -n 1
}

# Downloads a package into the cache, at first with the lists of an earlier run.
download() {
	command -v apt-get >/dev/null || { echo "no apt-get here" >"$apt_state/download.log"; return; }
	(cd "$cache" && "${apt[@]}" download "$1" >"$apt_state/download.log" 2>&1) && return
	update_lists
	(cd "$cache" && "${apt[@]}" download "$1" >"$apt_state/download.log" 2>&1)
}

# Unpacks beside the destination and renames, so that what is there is always whole.
unpack() {
	local deb=$1 into=$2
	rm -rf "$into.new" "$into"
	mkdir -p "$into.new"
	if command -v dpkg-deb >/dev/null; then
		dpkg-deb -x "$deb" "$into.new"
	else
		ar p "$deb" data.tar.xz | tar -xJ -C "$into.new"
	fi && mv "$into.new" "$into"
}

# fetch PACKAGE: 0 if build/i386/PACKAGE is there in the end
fetch() {
	local package=$1 deb
	[ -d "build/i386/$package" ] && return 0
	deb=$(kept_copy "$package")
	if [ -z "$deb" ]; then
		download "$package"
		deb=$(kept_copy "$package")
	fi
	if [ -z "$deb" ]; then
		echo "fetch-packages: $package (i386): no copy in $cache, and it cannot be fetched:" >&2
		tail -n 2 "$apt_state/download.log" 2>/dev/null | sed 's/^/  /' >&2
		return 1
	fi
	unpack "$deb" "build/i386/$package" || return 1
	echo "fetch-packages: $package from $(basename "$deb")"
}

mkdir -p build/i386
apt_lock
failed=0
for package in "$@"; do
	fetch "$package" || failed=1
done
exit $failed

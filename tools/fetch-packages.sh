#!/bin/bash
# Fetches Debian i386 packages and unpacks them, without root and without touching the
# system's own architectures or package lists.
#
#   tools/fetch-packages.sh PACKAGE...
#
# Each ends up unpacked in build/i386/PACKAGE/. The .deb files are kept in build/cache (or
# $LOFT_CACHE): what is there is not fetched again, and no network is needed for it. The
# sources are the system's own configured ones, asked for architecture i386 with lists of
# our own under build/packages/. Ends with 1 if a package can neither be fetched nor found.
set -u
cd "$(dirname "$0")/.." || exit 1
[ $# -gt 0 ] || { echo "usage: tools/fetch-packages.sh PACKAGE..." >&2; exit 2; }

cache=${LOFT_CACHE:-build/cache}
state=$PWD/build/packages
apt=(apt-get -q -oAPT::Architecture=i386 -oAPT::Architectures=i386
	-oDir::State="$state/state" -oDir::State::Lists="$state/lists"
	-oDir::State::status="$state/status" -oDir::Cache="$state/cache"
	-oAPT::Sandbox::User=root -oAcquire::Languages=none -oAcquire::Retries=3
	-oDPkg::Lock::Timeout=300)

# Prints the newest kept copy of a package, nothing if there is none.
kept_copy() {
	compgen -G "$cache/$1_*_*.deb" | sort -V | tail -n 1
}

# Renews our lists, once in a run. It can fail while the mirror is being updated itself and
# still leave usable lists: what matters is whether the download succeeds.
update_lists() {
	[ -n "${lists_updated:-}" ] && return
	lists_updated=yes
	mkdir -p "$state/state" "$state/lists/partial" "$state/cache/archives/partial"
	touch "$state/status"
	"${apt[@]}" update >"$state/update.log" 2>&1
}

# Downloads a package into the cache, at first with the lists of an earlier run.
download() {
	command -v apt-get >/dev/null || { echo "no apt-get here" >"$state/download.log"; return; }
	(cd "$cache" && "${apt[@]}" download "$1" >"$state/download.log" 2>&1) && return
	update_lists
	(cd "$cache" && "${apt[@]}" download "$1" >"$state/download.log" 2>&1)
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
		tail -n 2 "$state/download.log" 2>/dev/null | sed 's/^/  /' >&2
		return 1
	fi
	unpack "$deb" "build/i386/$package" || return 1
	echo "fetch-packages: $package from $(basename "$deb")"
}

mkdir -p "$cache" "$state" build/i386
if command -v flock >/dev/null; then
	exec 9>build/packages/.lock
	flock 9
fi
failed=0
for package in "$@"; do
	fetch "$package" || failed=1
done
exit $failed

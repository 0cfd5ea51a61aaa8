# What the scripts that fetch Debian i386 packages share; to be sourced in the tree's top folder.
#
# apt-get with lists, cache and status of our own under build/packages/ and the architecture
# i386, from the system's own configured sources: neither root nor the system's architectures
# and lists are needed or touched. The status is empty, as on a system where nothing is
# installed, so that apt counts every dependency in.
#
# Fetched .deb files are kept in $cache: build/cache, or $LOFT_CACHE.

cache=${LOFT_CACHE:-build/cache}
apt_state=$PWD/build/packages
apt=(apt-get -q -oAPT::Architecture=i386 -oAPT::Architectures=i386
	-oDir::State="$apt_state/state" -oDir::State::Lists="$apt_state/lists"
	-oDir::State::status="$apt_state/status" -oDir::Cache="$apt_state/cache"
	-oAPT::Sandbox::User=root -oAcquire::Languages=none -oAcquire::Retries=3
	-oAPT::Install-Recommends=false -oDPkg::Lock::Timeout=300)

# One at a time uses the lists and the cache, until the script that took it ends.
apt_lock() {
	mkdir -p "$cache" "$apt_state"/{state,lists/partial,cache/archives/partial}
	touch "$apt_state/status"
	if command -v flock >/dev/null; then
		exec 9>"$apt_state/.lock"
		flock 9
	fi
}

# Renews our lists, once in a run. It can fail while the mirror is being updated itself and
# still leave usable lists: what matters is whether the download succeeds.
update_lists() {
	[ -n "${lists_updated:-}" ] && return
	lists_updated=yes
	"${apt[@]}" update >"$apt_state/update.log" 2>&1
}

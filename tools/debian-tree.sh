#!/bin/bash
# Puts Debian i386 packages and all that they depend on into a folder, as a root to be.
#
#   tools/debian-tree.sh FOLDER PACKAGE...
#
# What belongs to it is apt's decision, made as if nothing were installed: alternatives, virtual
# packages and versions are its business. Packages come from where tools/apt-i386.sh says and
# are kept in build/cache; what a list of packages came to is kept there as well, so that the
# second time no network is needed.
#
# The packages are unpacked and their maintainer scripts do not run. Of what these would do,
# two things are done here: /bin, /sbin and /lib are links into /usr, as base-files expects
# them, and the alternatives that the scripts name (/usr/bin/lua, /usr/bin/awk) are made with
# dpkg's own update-alternatives. Manuals, translations and /usr/share/doc are left out, since
# the image is held in memory. Ends with 1, having said why, if there is no such package or it
# cannot be fetched.
set -eu
cd "$(dirname "$0")/.." || exit 1
[ $# -gt 1 ] || { echo "usage: tools/debian-tree.sh FOLDER PACKAGE..." >&2; exit 2; }

. tools/apt-i386.sh
tree=$1
shift
packages=$(printf '%s\n' "$@" | sort -u)
log=$apt_state/tree.log

complain() {
	echo "debian-tree: $1" >&2
	exit 1
}

# ---- which packages: the names of their .deb files, one a line

# Packages named as apt knows them; without this a word with a + or - behind it, or an option,
# would mean something else to apt.
check_names() {
	local name
	for name in $packages; do
		[[ $name =~ ^[a-z0-9][a-z0-9+.-]+$ ]] || complain "\"$name\" is not a package's name"
	done
}

# What apt would fetch if it were to install them, into $set.
resolve() {
	"${apt[@]}" -y --print-uris install $packages >"$log" 2>&1 &&
		sed -n "s/^'[^']*' \([^ ]*\.deb\) .*/\1/p" "$log" >"$set"
}

all_kept() {
	local deb
	[ -s "$set" ] || return 1
	while read -r deb; do
		[ -f "$cache/$deb" ] || return 1
	done <"$set"
}

# apt downloads what is not in the cache, checks it, and installs nothing.
download() {
	mkdir -p "$cache/partial"
	"${apt[@]}" -y -oDir::Cache::archives="$(realpath "$cache")" --download-only \
		install $packages >"$log" 2>&1
}

# Says which of the names apt does not know, in words that say what to do; the rest is apt's.
explain() {
	local unknown
	unknown=$(sed -n 's/^E: Unable to locate package //p' "$log" | tr '\n' ' ')
	if [ -n "$unknown" ]; then
		complain "Debian has no i386 package named: $unknown"
	fi
	grep '^[EW]: \|^Package \|^  ' "$log" | sed 's/^/  /' >&2 || true
	complain "cannot be fetched: $(tr '\n' ' ' <<<"$packages")"
}

fetch_all() {
	local key
	key=$(sha1sum <<<"$packages")
	set=$cache/set-${key:0:12}.list
	all_kept && return
	command -v apt-get >/dev/null || complain "there is no apt-get here to fetch packages with"
	resolve && download && all_kept && return
	update_lists || true
	resolve && download && all_kept || explain
}

# ---- the tree

make_tree() {
	local name
	mkdir -p "$tree"/usr/{bin,sbin,lib}
	for name in bin sbin lib; do
		ln -sfn "usr/$name" "$tree/$name"
	done
}

unpack() {
	dpkg-deb --fsys-tarfile "$1" | tar -x -p -C "$tree" --keep-directory-symlink \
		--no-same-owner --exclude './usr/share/doc/*' --exclude './usr/share/man/*' \
		--exclude './usr/share/info/*' --exclude './usr/share/locale/*' \
		--exclude './usr/share/lintian/*'
}

# Prints the arguments of each `update-alternatives --install` in a maintainer script, as the
# words are there: those that the shell would have to expand are passed over.
alternatives() {
	dpkg-deb --ctrl-tarfile "$1" | tar -x -O ./postinst 2>/dev/null |
		sed -e ':join' -e '/\\$/{N;s/\\\n/ /;b join' -e '}' |
		sed -n 's/.*update-alternatives .*\(--install [^|&;>]*\).*/\1/p' | grep -v '[$`]' | tr -d "\"'"
}

# A slave whose file was left out is left out by update-alternatives as well.
make_alternatives() {
	local words
	mkdir -p "$tree"/etc/alternatives "$tree"/var/lib/dpkg/alternatives
	while read -r -a words; do
		[ -e "$tree${words[3]}" ] || continue
		mkdir -p "$(dirname "$tree${words[1]}")"
		update-alternatives --quiet --root "$(realpath "$tree")" \
			"${words[@]}" 2>>"$log" || complain "${words[1]}: $(tail -n 1 "$log")"
	done < <(for deb in $debs; do alternatives "$deb" || true; done)
	rm -f "$tree/var/log/alternatives.log" # it has the time in it
}

check_names
apt_lock
fetch_all
debs=$(sed "s|^|$cache/|" "$set")
make_tree
for deb in $debs; do
	unpack "$deb"
done
: >"$log"
make_alternatives
echo "debian-tree: $(wc -l <"$set") packages that make up $(tr '\n' ' ' <<<"$packages" | sed 's/ $//')," \
	"$(du -sm "$tree" | cut -f1) MB"

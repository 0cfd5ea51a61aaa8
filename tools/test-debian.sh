#!/bin/bash
# Does what a person with a fresh Debian does, in one: a minimal Debian 12 made by debootstrap,
# with only git and make added, and in it a clone of this tree.
#
#   tools/test-debian.sh [run] [test]
#
# run: `make run`, typing at the prompt until poweroff. test: `make test`. Both, if neither is
# named. Says how long each took. Needs root, debootstrap and pexpect on this machine; the
# Debian stays in build/debian (or $LOFT_DEBIAN) for a look, and is made anew each time.
set -eu
cd "$(dirname "$0")/.."

parts=${*:-run test}
root=$(realpath -m "${LOFT_DEBIAN:-build/debian}")
suite=bookworm

if [ "$(id -u)" != 0 ]; then
	echo "test-debian: debootstrap and chroot need root" >&2
	exit 1
fi
for command in debootstrap unshare; do
	command -v $command >/dev/null || { echo "test-debian: no $command here" >&2; exit 1; }
done

# The first place of Debian's main archive that this system is configured for.
mirror() {
	apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' |
		awk -v suite=$suite '$2 == suite && $3 == "main" { print $1; exit }'
}

# Runs a command in the Debian, with its own process and mount tables. Its root is a mount of its
# own, as on a real machine: without that nobody in it could have a mount table again.
inside() {
	unshare --mount --pid --fork --kill-child sh -c '
		mount --bind "$0" "$0"
		mount -t proc proc "$0/proc"
		mount -t devtmpfs dev "$0/dev" 2>/dev/null || mount --rbind /dev "$0/dev"
		mount -t devpts -o newinstance,ptmxmode=666 devpts "$0/dev/pts"
		mount -t tmpfs tmpfs "$0/dev/shm" 2>/dev/null
		exec chroot "$0" env -i HOME=/root TERM="${TERM:-dumb}" LC_ALL=C \
			PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"
	' "$root" "$@"
}

make_debian() {
	local started=$SECONDS
	if ! mount | grep -q " on $root[/ ]"; then
		rm -rf --one-file-system "$root"
	fi
	mkdir -p "$root"
	debootstrap --variant=minbase --include=git,make,ca-certificates "$suite" "$root" "$(mirror)" \
		>"$root.log" 2>&1 || { tail -n 20 "$root.log" >&2; exit 1; }
	rm -f "$root/etc/apt/sources.list"
	cp -a /etc/apt/sources.list /etc/apt/sources.list.d "$root/etc/apt/" 2>/dev/null || true
	cp -a /etc/apt/apt.conf.d/. "$root/etc/apt/apt.conf.d/" 2>/dev/null || true
	cp -a /usr/share/keyrings/. "$root/usr/share/keyrings/" 2>/dev/null || true
	cp /etc/resolv.conf /etc/hosts "$root/etc/"
	git clone -q --no-hardlinks . "$root/root/loft"
	echo "test-debian: a fresh Debian and a clone of this tree in $((SECONDS - started)) s"
}

# Types at the prompt of `make run`, as a person would.
drive_run='
import pexpect, sys
child = pexpect.spawn(sys.argv[1], sys.argv[2:], encoding="utf-8", timeout=1200,
                      logfile=sys.stdout, dimensions=(24, 80))
prompt = r"[#$] (\x1b\[6n)?$"
child.expect("loft:.*" + prompt)
child.sendline("echo $((6 * 7)) obeyed")
child.expect("42 obeyed")
child.expect(prompt)
child.sendline("twopages")
child.expect("seen: +a resident set of 2 pages")
child.sendline("poweroff")
child.expect(pexpect.EOF)
child.close()
sys.exit(child.exitstatus)
'

run_part() {
	local part=$1 started=$SECONDS result=passed
	case $part in
	run) /usr/bin/python3 -c "$drive_run" "$0" --inside make -C /root/loft run ;;
	test) inside make -C /root/loft test </dev/null ;;
	*) echo "test-debian: no part $part" >&2; return 2 ;;
	esac || result=FAILED
	echo "test-debian: make $part $result in $((SECONDS - started)) s"
	[ $result = passed ]
}

if [ "${1:-}" = --inside ]; then
	shift
	inside "$@"
	exit
fi
make_debian
failed=0
for part in $parts; do
	run_part "$part" || failed=1
done
exit $failed

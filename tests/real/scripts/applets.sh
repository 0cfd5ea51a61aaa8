# More than sixty of busybox's applets, each behind a line "== NAME" that begins its section.
# Runs in an empty folder, on Linux and on Loft, with the same output. What differs between
# machines by its nature (times of day, process and inode numbers, versions) is not printed.

echo "== echo and printf"
echo plain words; echo -n no end; echo; echo -e 'a\tb\x41'
printf '%5d|%-8s|%08.3f|%x|%c|%%\n' 42 left 3.14159 255 z
echo "== seq"
seq 3; seq -s, 2 3 14; seq -w 8 11
echo "== cat and tac"
seq 5 >five; cat five; cat -n five; tac five
echo "== head and tail"
seq 100 >hundred; head -n 3 hundred; tail -n 2 hundred; head -c 10 hundred; tail -c 8 hundred
tail -n +98 hundred
echo "== wc"
wc hundred; wc -l <hundred; wc -c five
echo "== cut and paste"
echo 'a:b:c:d' | cut -d: -f2,4; echo abcdef | cut -c2-4; seq 6 | paste - - -; paste -d, five five
echo "== sort"
printf 'pear\napple\nfig\napple\n' >fruit; sort fruit; sort -u fruit; sort -r fruit
printf '10 b\n9 a\n100 c\n' | sort -n; printf '1 z\n2 y\n' | sort -k2
echo "== uniq"
sort fruit | uniq -c; sort fruit | uniq -d
echo "== tr"
echo Hello World | tr a-z A-Z; echo aabbcc | tr -s ab; echo 'a1b2' | tr -d 0-9
echo "== sed"
sed -n 2,3p five; sed 's/^/[/;s/$/]/' five; echo abcabc | sed 's/b/X/2'; sed -e '/3/d' five
cp five sedded; sed -i 's/5/five/' sedded; cat sedded; echo 'x=1' | sed -E 's/(.)=(.)/\2=\1/'
echo "== awk"
awk '{ s += $1 } END { print s, NR, s / NR }' hundred
echo 'a b c' | awk '{ for (i = NF; i; i--) printf "%s ", $i; print "" }'
awk 'BEGIN { x["k"] = 3; x["l"] = 4; n = 0; for (i in x) n += x[i]; print n, length("abc"),
	substr("hello", 2, 3), toupper("up"), index("hello", "l"), sprintf("%03d", 7) }'
echo "== grep, egrep and fgrep"
grep -n 1 five; grep -c 9 hundred; grep -v 0 five | head -n 2; egrep '^(1|2)0*$' hundred
fgrep 99 hundred; grep -q nothing five; echo $?; echo 'a.b' | grep -o '[a-z]'
echo "== find"
mkdir -p tree/a/b tree/c; echo 1 >tree/a/one; echo 2 >tree/a/b/two; ln -s ../a/one tree/c/link
find tree | sort; find tree -type f -name 't*'; find tree -type l; find tree -maxdepth 1 | sort
find tree -type f -exec cat {} \; | sort
echo "== xargs"
seq 5 | xargs echo; seq 5 | xargs -n 2 echo; printf 'a b\0c' | xargs -0 -n 1 echo
echo "== ls"
touch -d '2020-02-03 04:05:06' tree/a/one; ls tree; ls -1 tree/a; ls -F tree; ls -a tree/c
ls -l tree/a/one | cut -c1-10; ls nowhere; echo $?
echo "== cp and mv"
cp five copied; cmp five copied && echo same; mv copied moved; ls copied; cat moved | wc -l
cp -r tree twig; find twig | sort; cp five nowhere/else; echo $?
echo "== ln and readlink"
ln moved hard; ln -s moved soft; readlink soft; cat soft | head -n 1; echo more >>hard; tail -n 1 moved
ln -s loop loop; cat loop; realpath tree/../five | sed 's/.*\///'
echo "== rm and rmdir"
rm hard; ls hard; rmdir tree; echo $?; rm -r twig; ls twig; rm -f nowhere; echo $?
echo "== mkdir, chmod, stat and umask"
mkdir -m 750 private; stat -c '%a %F' private; touch file; chmod 4711 file; stat -c '%a %s' file
chmod u-s,g+w file; stat -c '%A' file; (umask 077; touch secret; stat -c '%a' secret)
stat -c '%N %h' moved
echo "== chown and id"
chown 12:34 file; stat -c '%u:%g' file; id -u; id -g
echo "== touch and date"
touch -d '2001-02-03 04:05:06' old; TZ=UTC stat -c '%y' old | cut -c1-19; date -u -d @86399 +%H:%M:%S
date -u -d '2024-02-29 12:00:00' '+%A %j'; test five -nt old && echo newer; touch -r old other
[ other -ot five ] && echo older
echo "== test and expr"
test -f five && test -d tree && test ! -e nowhere && echo all true; [ 3 -lt 10 ] && echo less
expr 7 '*' 6; expr length abcd; expr abc : 'a\(.\)c'; expr 1 / 0; echo $?
echo "== bc and dc"
echo '2^64; scale=10; 1/3' | bc; echo '3 4 + p' | dc
echo "== factor"
factor 1001 65537
echo "== dd and truncate"
dd if=/dev/zero of=zeros bs=512 count=5 2>/dev/null; wc -c zeros; truncate -s 100 zeros; wc -c zeros
dd if=hundred bs=1 skip=3 count=6 2>/dev/null; echo xyz | dd of=zeros bs=1 seek=98 conv=notrunc 2>/dev/null
wc -c zeros; truncate -s 1M sparse; stat -c '%s %b' sparse | cut -d' ' -f1
echo "== od, hexdump and xxd"
printf 'loft\001\377' >bytes; od -A x -t x1 bytes; od -c bytes; hexdump -C bytes; xxd bytes; xxd -p bytes
echo "== base64, uuencode and uudecode"
base64 bytes; base64 bytes | base64 -d | cmp - bytes && echo same
uuencode bytes name | tee coded; uudecode -o decoded coded; cmp decoded bytes && echo same
echo "== checksums"
md5sum five; sha1sum five; sha256sum five; sha512sum five; sha3sum five; cksum five; crc32 five
md5sum five >sums; md5sum -c sums
echo "== gzip, gunzip and zcat"
cp hundred packed; gzip packed; ls packed*; zcat packed.gz | tail -n 1; gunzip packed.gz
cmp packed hundred && echo same
echo "== bzip2 and bzcat"
bzip2 -k packed; bzcat packed.bz2 | md5sum; bunzip2 -t packed.bz2; echo $?
echo "== tar"
tar cf tree.tar tree; tar tf tree.tar | sort; mkdir out; tar xf tree.tar -C out; cat out/tree/a/b/two
tar czf tree.tgz tree; zcat tree.tgz | tar t | wc -l; tar xOf tree.tar tree/a/one
echo "== cpio"
find tree -type f | sort | cpio -o -H newc 2>/dev/null >tree.cpio; cpio -t <tree.cpio 2>/dev/null
(cd out && cpio -id <../tree.cpio 2>/dev/null; cat tree/a/one)
echo "== ar"
ar -t nowhere.a; echo $?
echo "== unzip and xz"
unxz -t bytes; echo $?; unlzma -t bytes; echo $?
echo "== diff, cmp and patch"
sed 's/3/three/' five >changed; diff -u five changed | tail -n +3; cmp five changed
diff five changed | sed -n 1p; (diff -u five changed | sed 's/\t.*//') >p; cp five target
patch target <p; cat target
echo "== fold, expand and unexpand"
seq -s ' ' 30 | fold -w 20; printf 'a\tb\n' | expand; echo '        x' | unexpand; seq -s ' ' 20 | fold -s -w 12
echo "== rev, nl and shuf"
echo abc | rev; nl five | head -n 2; shuf -i 1-50 | sort -n | tail -n 1; shuf -e a | cat
echo "== strings and tee"
printf 'ab\001longer text\002' | strings; echo tee | tee one two; cat one two
echo "== basename, dirname and pwd"
basename /a/b.c .c; dirname /a/b/c; (cd tree/a && basename "$(pwd)")
echo "== env and printenv"
env -i A=1 B=2 env | sort; env -i A=3 sh -c 'echo $A'
echo "== which, true, false and yes"
which sh; true; echo $?; false; echo $?; yes | head -n 2
echo "== sleep, kill and wait"
{ sleep 9 & sleep 0.5; kill $!; wait $!; echo $?; } 2>/dev/null; sleep 0.1; echo slept
(sh -c 'kill -USR1 $$; echo never'; echo $?) 2>/dev/null; trap 'echo trapped' USR1; kill -USR1 $$; trap - USR1
kill -l 15; kill 999999; echo $?
echo "== timeout, nice and nohup"
timeout 1 sleep 100; echo $?; timeout 10 echo in time; nice -n 5 nice; nohup echo steady 2>/dev/null
timeout -s KILL 1 sleep 100; echo $?
echo "== setsid, time and usleep"
setsid echo alone; time true 2>&1 | grep -c real; usleep 1000; echo $?
echo "== mktemp and install"
t=$(mktemp /tmp/xXXXXXX); test -f $t && echo made; rm $t; mktemp -d dXXXXXX | wc -c
echo "== mkfifo"
mkfifo pipe; (echo through the pipe >pipe &) ; cat pipe; stat -c '%F' pipe
echo "== split and comm"
split -l 40 hundred part.; wc -l part.*; comm five changed
echo "== du and sync"
sync; echo $?; du -a tree >/dev/null; echo $?
echo "== cal"
cal 2 2024
echo "== dos2unix and unix2dos"
printf 'a\r\nb\r\n' >dos; dos2unix dos; od -c dos; unix2dos dos; od -c dos
echo "== getopt"
getopt -o ab: -- -a -b x y
echo "== ed"
printf '1,2p\n3s/3/drei/p\nw\nq\n' | ed five; cat five
echo "== less and more"
seq 3 | more; seq 3 | less
echo "== hostid, tty and stty"
tty </dev/null; echo $?; stty </dev/null; echo $?
echo "== chroot and switch"
chroot / /bin/echo rooted; chroot nowhere /bin/sh; echo $?
echo "== run-parts and start-stop-daemon"
mkdir parts; printf '#!/bin/sh\necho part one\n' >parts/one; printf '#!/bin/sh\necho part two\n' >parts/two
chmod +x parts/*; run-parts parts; sleep 50 & start-stop-daemon -K -p nowhere -x /bin/sleep 2>&1 | tail -n 0
kill $! 2>/dev/null; wait 2>/dev/null; echo done
echo "== sh: pipes, subshells, here-documents"
(echo in; (echo deeper)) | cat; cat <<EOF
here $((6 * 7)) $(echo now)
EOF
for i in a b c; do echo $i; done | while read x; do echo "[$x]"; done
f() { local v=$1; echo "f $v $#"; return 3; }; f one two; echo $?; case abc in a*) echo starts;; esac
i=0; while [ $i -lt 1000 ]; do i=$((i + 1)); done; echo $i; echo *ive; set -- x y z; shift; echo $@

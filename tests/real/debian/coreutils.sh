# Debian's coreutils, nearly all of them, on texts that Debian's packages bring.
L=/usr/share/common-licenses
echo "== summing"
cksum $L/*; md5sum $L/GPL-3; sha1sum $L/GPL-3; sha224sum $L/BSD; sha256sum $L/* >sums; sha256sum -c sums; sha384sum $L/BSD
sha512sum $L/GPL-3; b2sum -l 128 $L/*; sum $L/GPL-2; cksum -a crc $L/GPL-2; echo broken >b; sha256sum b >s; echo x >>b; sha256sum -c s; echo $?
echo "== sorting and joining"
tr -cs 'A-Za-z' '\n' <$L/GPL-3 | sort -f | uniq -ci | sort -k1,1nr -k2,2 | head -n 8
for l in GPL-2 GPL-3; do tr -cs 'a-z' '\n' <$L/$l | sort -u >$l.words; done; comm -12 GPL-2.words GPL-3.words | wc -l; comm -3 GPL-2.words GPL-3.words | cksum
nl -ba $L/GPL-2 | sort -k2 | cksum; sort -S 64k -T . $L/* $L/* $L/* | cksum; sort -R --random-source=$L/GPL-3 $L/BSD | cksum; sort --parallel=4 -n -r <(seq 5000) | cksum
seq 1 10 >n; seq 2 2 20 | sed 's/$/ even/' >e; join <(sort n) <(sort e); join -a1 -o 0,2.2 -e - <(sort n) <(sort e) | tail -n 3; sort -c e; echo $?
printf '%s\n' 1K 3M 2G 10 | sort -h; printf 'v1.10\nv1.9\nv1.2\n' | sort -V; printf '%s\n' Mar Jan Feb | sort -M; echo 'a b b c c d' | tsort; tsort <<<'a b b a'; echo $?
echo "== cutting, pasting and laying out"
cut -c1-10,20- $L/BSD | cksum; cut -d' ' -f2,4 $L/BSD | head -n 4; paste -s -d, n; paste n e | head -n 2; fold -s -w 30 $L/BSD | head -n 5; fmt -w 50 $L/BSD | tail -n 4
pr -2 -l 30 -h Title -D date $L/BSD | cksum; expand -t 4 <<<$'a\tb' ; unexpand -a <<<'        x       y'; column=1; nl -s': ' -w3 n | tail -n 2; tac n | head -n 2; tac -s ' ' <<<'x y z'
od -A d -t x1z -N 40 $L/GPL-3; od -t f8 -N 16 /bin/ls; od -An -c -N 12 $L/BSD; ptx -w 40 <<<'one two three'; numfmt --to=iec 123456789; numfmt --from=si --format=%12.2f 1.5M; numfmt --header --field 2 --to=si <<<$'h h\nx 5000'
head -c 100 $L/GPL-3; head -n -660 $L/GPL-3 | tail -n 3; tail -c 50 $L/GPL-3; tail -n +670 $L/GPL-3; wc $L/*; wc -L $L/GPL-1
echo "== coding"
base64 $L/BSD | cksum; base64 $L/BSD | base64 -d | cmp - $L/BSD && echo same; base32 <<<text; basenc --base16 <<<text; basenc --z85 <<<abc; uname -s; factor 1234567890 600851475143 4294967291
seq -s' ' 1 0.25 2; seq -w 8 11; expr 7 \* 6; expr length hello; expr abc : 'a\(.\)c'; printf '%05.1f|%-6s|%b|%q\n' 3.14159 ab 'x\ty' "a b"; test 3 -gt 2 -a -d / ; echo $?; [ -x /bin/ls ]; echo $?; echo -e 'a\x41\060'
echo "== splitting"
split -b 5000 -d -a 3 $L/GPL-3 part.; ls part.*; cat part.* | cmp - $L/GPL-3 && echo whole; split -n l/3 --filter='wc -l' $L/GPL-2; split -n r/2 n r.; cat r.aa; csplit -s -z -f sec $L/GPL-2 '/^ *[0-9]*\. /' '{5}'; ls sec*; cat sec* | cmp - $L/GPL-2 && echo whole
truncate -s 12345 t; stat -c '%s %F %a %h' t; truncate -s -345 t; stat -c %s t; dd if=$L/GPL-3 of=d bs=512 skip=2 count=5 conv=notrunc,ucase status=none; cksum d; dd if=/dev/zero bs=1k count=64 status=none | md5sum; dd if=$L/BSD ibs=7 obs=13 conv=block,swab cbs=60 2>&1 | tail -n 2 | head -n 1; shred -n 1 -z -u t; ls t 2>&1
echo "== files"
cp -a $L copy; ls -R copy | cksum; diff -r $L copy && echo equal; cp -rs $PWD/copy linked; readlink linked/BSD | sed 's|.*/copy|copy|'; cp --parents copy/GPL-2 linked; cp -l copy/GPL-1 hard; stat -c %h hard; cp -u hard copy/; cp --sparse=always d sparse; cp --backup=numbered d sparse; ls sparse*
mv -v copy moved; mv -n n e; mkdir -p -m 750 x/y/z; stat -c '%A %n' x/y/z; rmdir -p x/y/z; ls x 2>&1; ln -sr moved/BSD rel; readlink rel; realpath --relative-to=. moved/../moved/BSD; readlink -f rel | sed 's|.*/work|work|'; ln -f hard hard2; install -D -m 640 d inst/all/d; stat -c '%a %s' inst/all/d; link d d2; unlink d2
touch -d '2001-02-03 04:05:06.789' d; stat -c '%y %Y' d; touch -r d e; date -u -r e +%F; ls -l --time-style=+%s --full-time d e 2>&1 | tr -s ' ' | cut -d' ' -f1-5,6-; ls -lS --time-style=+ moved | tr -s ' ' | cut -d' ' -f1,5,6-; ls -1 --group-directories-first -p; chmod u=rwx,g+s,o-r d; stat -c %a d; chmod --reference=e d; stat -c %a d; chown 12:34 d; stat -c '%u %g' d; chgrp 0 d; stat -c %g d
du -b --apparent-size moved/GPL-2; du -s --apparent-size --inodes moved; mktemp -u tXXXX | wc -c; mkfifo p; cat p & echo through >p; wait; mknod null c 1 3 && stat -c '%F %t %T' null; pathchk -p 'a:b'; echo $?; basename /a/b.c .c; dirname /a/b/c; dir -m n e; vdir --time-style=+ n | tr -s ' '; rm -rv moved | sort | tail -n 1; sync -d d; ls -i d | tr -d '0-9'; ls --zero n e | tr '\0' +; echo
echo "== processes"
timeout 0.2 sleep 5; echo $?; timeout -s KILL 0.2 sleep 5; echo $?; timeout --preserve-status 0.2 sleep 5; echo $?; env -i A=1 B=2 env; env -u PATH /usr/bin/printenv HOME; printenv LC_ALL; nice -n 5 nice; nohup sh -c 'echo no hang-up' </dev/null; chroot / /bin/echo in the root; stdbuf -o0 printf 'un'; stdbuf -oL echo buffered
yes | head -n 3; yes text | head -c 20000 | cksum; seq 100000 | tail -n 1; (seq 1000; seq 5) | tee copy1 | wc -l; wc -c <copy1; true; echo $?; false; echo $?; nproc --all >/dev/null && echo counted; id -u; id -Gn; groups; whoami; logname 2>&1 | head -c 8; echo; tty; pwd -P | sed 's/.*work/work/'; hostid | wc -c; shuf --random-source=$L/GPL-3 -i 1-20 | tr '\n' ' '; shuf -n 2 --random-source=$L/GPL-2 $L/BSD | cksum; sleep 0.1; uptime >/dev/null; echo $?; users; dircolors -b | cksum; stty 2>&1 | head -n 1; date -d '2024-02-29 +1 year' +%F; date -d @86400 -R; TZ=CET-1CEST date -d @1700000000; kill -l 9; test -t 0; echo $?; echo {a..c} | xargs -n1 -P3 echo | sort
echo full >/dev/full; echo $?; cat nothere; echo $?; ls -d /proc/self/fd | cat; head -c 5 /dev/zero | od -c; cat /dev/null | wc -c; mkdir /dev/null/x; rm -d nothere; rmdir /; cp n n; echo $?

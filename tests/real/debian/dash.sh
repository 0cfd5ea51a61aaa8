# dash at work: on texts that Debian's packages bring, and running scripts that they bring.
L=/usr/share/common-licenses
echo "== words by their first letter"
for letter in a b c d; do eval "n_$letter=0"; done
while read -r line; do
	for word in $line; do
		case $word in
		[aA]*) n_a=$((n_a + 1)) ;; [bB]*) n_b=$((n_b + 1)) ;;
		[cC]*) n_c=$((n_c + 1)) ;; [dD]*) n_d=$((n_d + 1)) ;;
		esac
	done
done <$L/GPL-2
echo $n_a $n_b $n_c $n_d
echo "== a table of files"
set -f; IFS='
'
for line in $(wc -c $L/GPL-1 $L/GPL-2 $L/GPL-3 $L/BSD $L/Artistic | head -n 5); do
	name=${line##*/}; size=${line%"$name"}; size=${size%"$L/"}; printf '%-10s %7d %s\n' "$name" $((size)) "${name#"${name%?}"}"
done
unset IFS; set +f
echo "== pipelines of many"
tr -cs A-Za-z '\n' <$L/GPL-3 | tr A-Z a-z | sort | uniq -c | sort -k1,1nr -k2 | head -n 20
cat $L/* | grep -c the; cat $L/GPL-3 | while read -r l; do echo "$l"; done | cksum
n=0; for i in $(seq 200); do n=$((n + $(echo $i | (read j; echo $((j * j)))))); done; echo $n
echo "== zgrep and its family"
gzip -9 -c $L/GPL-2 >gpl2.gz; gzip -c $L/GPL-3 >gpl3.gz; zgrep -c -i software gpl2.gz gpl3.gz
zdiff gpl2.gz gpl3.gz | cksum; zcat gpl2.gz | cmp - $L/GPL-2 && echo same; zforce gpl2.gz; zcmp gpl2.gz gpl3.gz
cp /bin/echo compressed; gzexe compressed | sed 's/[0-9.]*%/N%/'; ./compressed a program in a script; znew -h 2>&1 | head -n 3
echo "== which, ldd and savelog"
which sh bash lua perl python3 nothere; echo $?
for program in /bin/bash /usr/bin/sqlite3 /usr/bin/perl /usr/bin/python3; do ldd $program | sed 's/ (0x.*//'; done
echo first >log; savelog -q -n log; echo second >log; savelog -q -n log; ls; zcat -f log*
echo "== traps in a tree of processes"
trap 'echo parent got TERM' TERM; trap 'echo leaving' EXIT
(trap 'echo child got USR1; exit 3' USR1; sh -c 'kill -USR1 $PPID'; sleep 5) & wait $!; echo $?
(sleep 0.3; kill -TERM $$) & wait; wait
for s in HUP INT QUIT PIPE ALRM USR2; do sh -c "kill -$s \$\$"; echo $s $?; done 2>&1
trap - TERM EXIT
echo "== deep recursion"
fib() { if [ $1 -lt 2 ]; then echo $1; else echo $(($(fib $(($1 - 1))) + $(fib $(($1 - 2))))); fi; }; fib 9
depth() { [ $1 -eq 0 ] || depth $(($1 - 1)); }; depth 900 && echo 900 deep

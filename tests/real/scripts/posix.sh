# What any shell of the family does. The same binary runs it on Linux and on Loft, so what it
# answers to a line that it does not know is compared as well.
echo "== variables"
a=one b='two words' c="$a $b"; echo "$c" "${c}x" "${unset:-default}" "${a:+set}" "${#b}"
d=${e:=assigned}; echo $d $e; path=/a/b/c.tar.gz; echo ${path##*/} ${path%%.*} ${path#*/} ${path%.gz}
readonly r=1; (r=2) 2>/dev/null; echo $?; export X=exported; /bin/sh -c 'echo $X'; unset a; echo "[$a]"
echo "== arithmetic"
echo $((1 + 2 * 3)) $((7 / 2)) $((7 % 3)) $((1 << 10)) $((5 > 3 && 2 < 1)) $((-7 / 2)) $((0x1f)) $((010))
i=5; echo $((i += 3)) $((i * i))
echo "== control"
for w in x y z; do [ $w = y ] && continue; echo $w; done; n=0
while :; do n=$((n + 1)); [ $n -gt 3 ] && break; echo n$n; done; until [ $n -le 0 ]; do n=$((n - 1)); done; echo $n
case hello in h?llo) echo glob;; *) echo other;; esac; case x in [a-m]) echo low;; [n-z]) echo high;; esac
if false; then echo no; elif true; then echo elif; else echo no; fi; ! true; echo $?
echo "== functions"
sum() { t=0; for v in "$@"; do t=$((t + v)); done; echo $t; }; sum 1 2 3 4
rec() { [ $1 -le 1 ] && echo 1 && return; echo $(($1 * $(rec $(($1 - 1))))); }; rec 6
ret() { return 7; }; ret; echo $?
echo "== pipes and substitution"
echo abc | cat | cat; x=$(echo sub; exit 4); echo $x $?; echo `echo old $(echo new)`
echo one two three | while read p q; do echo "$p/$q"; done; (exit 9) | true; echo $?
{ echo grouped; echo twice; } | wc -l; (cd /; pwd)
echo "== redirections"
echo out >f1; echo more >>f1; cat <f1; ls nothere 2>err; wc -l <err; { echo o; echo e >&2; } 2>&1 | wc -l
exec 5>f2; echo five >&5; exec 5>&-; cat f2; cat <<A; cat <<'B'
expanded $((1 + 1)) $(echo sub)
A
literal $((1 + 1)) $(echo sub)
B
cat <<-C
	tab removed
	C
echo "== globs"
mkdir g; touch g/a1 g/a2 g/b1 g/.hid; echo g/*; echo g/a?; echo g/[!a]*; echo g/none*; echo 'g/*'
echo "== quoting"
echo 'single $x' "double \$x \"q\"" back\ slash; echo "a
b"; set -- "a b" c; echo $#; for i in "$@"; do echo "<$i>"; done; for i in "$*"; do echo "<$i>"; done
IFS=:; v=1:2:3; set -- $v; echo $#; unset IFS
echo "== test"
[ -d g ] && [ -f f1 ] && [ ! -s g/a1 ] && [ -s f1 ]; echo $?; [ abc = abc ]; [ 10 -ne 9 ]; echo $?; [ -x /bin/sh ]; echo $?
echo "== signals"
trap 'echo caught' TERM; kill -TERM $$; trap - TERM; (/bin/sh -c 'kill -9 $$'; echo $?) 2>/dev/null
(trap 'echo leaving' EXIT; echo in); { sleep 9 & sleep 0.5; kill $!; wait $!; echo $?; } 2>/dev/null
echo "== jobs"
sleep 0 & wait; echo waited $?; (exit 3) & wait $!; echo $?; true & false & wait; echo all
echo "== commands"
type cd >/dev/null; echo $?; nosuchcommand 2>/dev/null; echo $?; /; echo $?; . ./f1 2>/dev/null; echo $?; eval 'echo evaluated $((2 * 2))'
umask; umask 027; umask; cd g; pwd | sed 's/.*\///'; cd ..; echo "$0" | sed 's/.*\///'
echo "== options"
set -f; echo *; set +f; (set -e; false; echo not reached); echo $?; (set -u; echo $nothing; echo not) 2>/dev/null; echo $?
echo "== read and printf"
printf 'l1\nl2 with  spaces\\\n' >f3; while read -r l; do echo "$l"; done <f3; echo a,b | (IFS=, read u v; echo $v $u)
printf '%s-%d-%o\n' s 10 8
echo "== getopts"
set -- -a -b arg rest; while getopts ab: o; do echo "$o $OPTARG"; done; shift $((OPTIND - 1)); echo $1
echo "== many processes"
k=0; while [ $k -lt 50 ]; do k=$((k + 1)); /bin/true; done; echo $k; seq 200 | while read z; do echo $z; done | tail -n 1
exit 5

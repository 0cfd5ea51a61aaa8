echo "== arrays"
a=(one two "three four"); echo ${#a[@]} "${a[2]}" "${!a[@]}"; a+=(five); echo "${a[@]:1:2}"; unset 'a[0]'; echo "${a[*]}"
declare -A m=([x]=1 [y]=2); m[z]=3; for k in $(echo "${!m[@]}" | tr ' ' '\n' | sort); do echo $k=${m[$k]}; done
echo "== expansion"
s=Hello; echo ${s,,} ${s^^} ${s:1:3} ${s/l/L} ${s//l/L}; echo {1..5} {a..e..2} x{1,2}y; echo $((2**40)) $((16#ff))
printf -v p '%05d' 42; echo $p; printf '%q\n' "a b'c"; echo $'tab\tnew\x41'
echo "== tests"
[[ abc == a* && abc =~ ^(a)(b)c$ ]] && echo ${BASH_REMATCH[1]}${BASH_REMATCH[2]}; [[ 5 -gt 3 ]]; echo $?
(( 3 > 2 )) && echo arithmetic
echo "== here-string and mapfile"
read x y <<<"first second third"; echo "$y"; mapfile -t lines < <(printf 'l1\nl2\n'); echo ${#lines[@]} ${lines[1]}
diff <(seq 3) <(seq 4)
echo "== functions and traps"
f() { local n=$1; (( n > 0 )) && f $((n - 1)); echo -n "$n "; }; f 5; echo; trap 'echo debug-exit' EXIT
set -o pipefail; false | true; echo $?; echo ${PIPESTATUS[@]}
echo "== loops"
for ((i = 0; i < 3; i++)); do echo -n $i; done; echo; select w in a b; do echo $w; break; done <<<2 2>/dev/null
while read -r -d, v; do echo "<$v>"; done <<<'a,b,c,'; coproc cat; echo hi >&${COPROC[1]}; read r <&${COPROC[0]}; echo $r
exec {COPROC[1]}>&-; wait; jobs >jobs; rm jobs
echo "== jobs"
set -m; sleep 9 & jobs | sed 's/ \+/ /g'; sleep 0.5; kill %1; wait %1 2>/dev/null; echo $?

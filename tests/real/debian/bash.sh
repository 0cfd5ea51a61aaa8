# bash at work: arrays, traps, job control, on texts that Debian's packages bring.
L=/usr/share/common-licenses
echo "== how often is a word"
declare -A count; words=0
while read -ra line; do for w in "${line[@]}"; do w=${w,,}; w=${w//[^a-z]/}; [[ $w ]] && ((++count[$w], ++words)); done; done <$L/GPL-2
echo $words words, ${#count[@]} of them different
for w in the of to program license; do printf '%-8s %d\n' $w ${count[$w]}; done
longest=; for w in "${!count[@]}"; do (( ${#w} > ${#longest} )) && longest=$w; [[ ${#w} == ${#longest} && $w < $longest ]] && longest=$w; done; echo $longest
echo "== sorting in arrays"
quicksort() { # of "$@", into the array sorted
	if (($# < 2)); then sorted=("$@"); return; fi
	local pivot=$1 low=() high=() x left; shift
	for x; do if ((x < pivot)); then low+=($x); else high+=($x); fi; done
	quicksort "${low[@]}"; left=("${sorted[@]}"); quicksort "${high[@]}"; sorted=("${left[@]}" $pivot "${sorted[@]}")
}
RANDOM=42; numbers=(); for ((i = 0; i < 400; i++)); do numbers+=($RANDOM); done
quicksort "${numbers[@]}"; echo "${sorted[@]}" | cksum; printf '%s\n' "${numbers[@]}" | sort -n | tr '\n' ' ' | sed 's/ $/\n/' | cksum
echo ${#sorted[@]} ${sorted[0]} ${sorted[-1]} "${sorted[@]:10:3}"
echo "== patterns"
mapfile -t lines <$L/Artistic; n=0; re='^[[:space:]]*([0-9]+)\. (.*)$'
for l in "${lines[@]}"; do [[ $l =~ $re ]] && { ((++n)); echo "${BASH_REMATCH[1]}: ${BASH_REMATCH[2]:0:30}"; }; done; echo $n of ${#lines[@]}
shopt -s extglob nullglob globstar
cd $L; echo GPL* ; echo !(*GPL*|GFDL*); echo @(L|)GPL-+([0-9]); cd - >/dev/null
mkdir -p d/{a,b}/{1..3}; touch d/{a,b}/{1..3}/f.{x,y}; echo d/**/*.x; printf '%s\n' d/** | wc -l
text=$(<$L/BSD); echo ${#text} "${text:0:20}"; text=${text//[$' \n']/}; echo ${#text}; echo "${text@Q}" | cksum
echo "== processes beside each other"
diff <(sort $L/GPL-2) <(sort $L/GPL-3) | cksum; paste -d' ' <(seq 3) <(seq 4 6) <(seq 7 9)
tee >(wc -l >lines) >(md5sum >sum) <$L/GPL-3 | tail -n 1 | cksum; while [[ ! -s lines || ! -s sum ]]; do sleep 0.1; done; cat lines sum
coproc sorter { sort -n; }; for i in 5 3 9 1; do echo $i >&${sorter[1]}; done; exec {sorter[1]}>&-; cat <&${sorter[0]}; wait
for i in {1..20}; do (exit $i) & pids+=($!); done; for p in "${pids[@]}"; do wait $p; printf '%d ' $?; done; echo
(for i in 3 1 2; do { sleep 0.$((i * 3)); exit $i; } & done; for i in 1 2 3; do wait -n; echo ended $?; done)
echo "== traps"
trap 'echo USR1 at $((++hits))' USR1; for i in 1 2 3; do kill -USR1 $BASHPID; done
trap 'echo ERR $?' ERR; false; (exit 7); trap - ERR
(trap 'echo left with $?' EXIT; exit 4); echo $?
f() { trap 'echo return from ${FUNCNAME[0]}' RETURN; :; }; f; trap - RETURN
trap '((++debug))' DEBUG; :; :; :; trap - DEBUG; echo $debug
set -o monitor; trap 'echo CHLD' CHLD; sleep 0.1; /bin/true; trap - CHLD; set +o monitor
timeout -s INT 0.3 bash -c 'trap "echo INT; exit 5" INT; while :; do sleep 0.05; done'; echo $?
echo "== job control"
set -m; jobs >/dev/null; sleep 30 & first=$!; sleep 31 & second=$!; sleep 32 & third=$!; jobs | tr -s ' '; kill -STOP %2; sleep 0.3; jobs %2 | tr -s ' '
kill -CONT %2; sleep 0.3; jobs -r | wc -l; kill %1; wait $first; echo $?; kill -KILL %3; wait $third; echo $?; jobs -r | tr -s ' '; disown $second; jobs -r; kill $second
{ sleep 0.2; echo in the foreground; } & fg >/dev/null; echo $?
cat <(echo a group) | cat & wait; suspend_me() { kill -STOP $BASHPID; echo continued; }; suspend_me & sleep 0.3; jobs -s | tr -s ' ' | cut -d' ' -f2; fg %% >/dev/null; set +m
echo "== numbers and text"
for ((i = 2, n = 0; i < 2000; i++)); do for ((j = 2; j * j <= i; j++)); do ((i % j)) || continue 2; done; ((++n)); done; echo $n primes
printf '%x %o %e %s %q %(%F)T\n' 255 8 12345.678 $'tab\there' 'a b' 86400; echo $((2 ** 62 - 1 + 2 ** 62)) $((36#zz)) $((-7 % 3))
read -r -d '' -t 5 text <<<"$(seq 3)"; echo "${text//$'\n'/+}"; IFS=: read -r a b c <<<'x:y:z:w'; echo "$c"; read -t 0.2 x < <(sleep 2); echo $((($? > 128)))
declare -n ref=words; ref=77; echo $words; declare -i sum=3+4; echo $sum; local_test() { local -u x=abc; echo $x; }; local_test

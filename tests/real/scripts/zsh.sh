echo "== arrays"
a=(one two 'three four'); echo $#a $a[2] "$a[-1]"; a+=five; print -l $a; echo ${(j:,:)a} ${(U)a[1]} ${(s:,:)${:-x,y}}
typeset -A m; m=(x 1 y 2); for k in ${(ok)m}; do echo $k $m[$k]; done
echo "== expansion"
s=Hello; echo ${s:l} ${s:u} ${s[2,4]} ${s/l/L} ${s//l/L}; echo {1..5} x{1,2}y; echo $((2**10)) $((5.0 / 2)) $(( [#16] 255 ))
setopt extendedglob; touch aa ab ba; echo a* ^a*; echo *(.om[1]) | wc -w; print -r -- ${(q)${:-a b}}
echo "== control"
for i in {1..3}; do echo -n $i; done; echo; repeat 2 echo again; if [[ abc = a* ]] { echo brace }
f() { local x=$1; (( x )) && f $((x - 1)); echo -n "$x "; }; f 4; echo; case x in (x|y) echo case;; esac
echo "== redirections"
echo both >f1 >f2; cat f1 f2; cat <<<here; diff =(seq 2) <(seq 3); (exit 3); echo $?; false | true; echo $pipestatus
echo "== jobs and traps"
trap 'echo trapped' USR1; kill -USR1 $$; { sleep 9 & sleep 0.5; kill $!; wait $!; echo $? } 2>/dev/null; TRAPEXIT() { echo leaving }
zmodload -L | wc -l; echo $ZSH_VERSION | cut -d. -f1

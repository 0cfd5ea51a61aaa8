# tcc at work: programs of one and several files, libraries, its own examples.
EXAMPLES=/usr/share/doc/tcc/examples
echo "== its own examples"
ls $EXAMPLES; for e in 1 2 3 5; do [ -f $EXAMPLES/ex$e.c ] && tcc -o ex$e $EXAMPLES/ex$e.c && echo ex$e $(wc -c <ex$e); done
./ex1; ./ex2 1 2 3 99 6 | head -n 20; ./ex3 30; tcc -run $EXAMPLES/ex3.c 20; $EXAMPLES/ex1.c
cat >inner.c <<'C'
#include <libtcc.h>
#include <stdio.h>
int add(int a, int b) { return a + b; }
static const char text[] = "int add(int, int); int sum(int n) { int s = 0; for (int i = 1; i <= n; i++) s = add(s, i); return s; }";
int main(void)
{
	TCCState *s = tcc_new();
	int (*sum)(int);
	tcc_set_output_type(s, TCC_OUTPUT_MEMORY);
	if (tcc_compile_string(s, text) < 0) return 1;
	tcc_add_symbol(s, "add", add);
	if (tcc_relocate(s, TCC_RELOCATE_AUTO) < 0 || !(sum = tcc_get_symbol(s, "sum"))) return 2;
	printf("compiled in memory: %d\n", sum(100));
	tcc_delete(s);
	return 0;
}
C
tcc -o inner inner.c -ltcc -ldl && ./inner
echo "== a program of several files"
cat >stack.h <<'C'
typedef struct stack stack;
stack *stack_new(void); void stack_push(stack *, double); double stack_pop(stack *); int stack_depth(const stack *); void stack_free(stack *);
C
cat >stack.c <<'C'
#include <stdlib.h>
#include <assert.h>
#include "stack.h"
struct stack { double *at; int used, room; };
stack *stack_new(void) { return calloc(1, sizeof(stack)); }
void stack_push(stack *s, double v) { if (s->used == s->room) s->at = realloc(s->at, sizeof(double) * (s->room = s->room * 2 + 4)); s->at[s->used++] = v; }
double stack_pop(stack *s) { assert(s->used > 0); return s->at[--s->used]; }
int stack_depth(const stack *s) { return s->used; }
void stack_free(stack *s) { free(s->at); free(s); }
C
cat >rpn.c <<'C'
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "stack.h"
static double apply(char op, double a, double b) { switch (op) { case '+': return a + b; case '-': return a - b; case '*': return a * b; case '/': return a / b; default: return pow(a, b); } }
int main(int argc, char **argv)
{
	stack *s = stack_new();
	char line[256];
	while (fgets(line, sizeof line, stdin)) {
		for (char *w = strtok(line, " \n"); w; w = strtok(NULL, " \n")) {
			if (isdigit((unsigned char)*w)) { stack_push(s, strtod(w, NULL)); continue; }
			double b = stack_pop(s), a = stack_pop(s);
			stack_push(s, apply(*w, a, b));
		}
		printf("%.10g (%d)\n", stack_pop(s), stack_depth(s));
	}
	stack_free(s);
	fprintf(stderr, "%s: done, %d arguments\n", argv[0], argc - 1);
	return argc;
}
C
tcc -Wall -c stack.c && tcc -Wall -c rpn.c && tcc -o rpn rpn.o stack.o -lm && ldd ./rpn | sed 's/ (.*//'
printf '1 2 + 3 *\n2 10 ^ 24 - 4 /\n1 3 /\n' | ./rpn a b; echo $?; echo '1 +' | ./rpn; echo $?
cat stack.c rpn.c >both.c; printf '6 7 *\n' | tcc -lm -run both.c x; echo $?
tcc -ar cr libstack.a stack.o && tcc -o rpn2 rpn.c -L. -lstack -lm && echo 5 5 + | ./rpn2 2>&1
tcc -shared -o libstack.so stack.c && tcc -o rpn3 rpn.c -L. -lstack -lm -Wl,-rpath=$PWD && rm libstack.a && echo 5 6 + | ./rpn3 2>&1
tcc -nostdlib -o rpn4 rpn.o stack.o -lm -lc; echo $?; tcc -r -o all.o rpn.o stack.o && tcc -o rpn5 all.o -lm && echo 5 7 + | ./rpn5 2>&1
echo "== what a C program may do"
cat >world.c <<'C'
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
static jmp_buf back; static void caught(int n) { longjmp(back, n); }
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER; static long sum;
static void *work(void *p) { for (int i = 0; i < 20000; i++) { pthread_mutex_lock(&m); sum += (long)p; pthread_mutex_unlock(&m); } return (void *)((long)p * 2); }
static int by_text(const void *a, const void *b) { return strcmp(*(char **)a, *(char **)b); }
int main(void)
{
	int fd[2], status; char text[64], *names[64], *page; int n = 0; struct dirent *d; pthread_t t[4]; void *r; pid_t child;
	pipe(fd); if (!(child = fork())) { dup2(fd[1], 1); close(fd[0]); execlp("expr", "expr", "6", "*", "7", NULL); _exit(1); }
	close(fd[1]); text[read(fd[0], text, 63)] = 0; waitpid(child, &status, 0); printf("child said %.2s and ended with %d\n", text, WEXITSTATUS(status));
	for (long i = 0; i < 4; i++) pthread_create(&t[i], NULL, work, (void *)i);
	for (int i = 0; i < 4; i++) { pthread_join(t[i], &r); printf("thread %d: %ld\n", i, (long)r); }
	printf("sum %ld\n", sum);
	signal(SIGSEGV, caught); signal(SIGFPE, caught);
	if (!(status = setjmp(back))) *(volatile int *)16 = 1; printf("signal %d\n", status);
	sigset_t s; sigemptyset(&s); sigaddset(&s, SIGSEGV); sigprocmask(SIG_UNBLOCK, &s, NULL);
	if (!(status = setjmp(back))) { volatile int zero = 0; printf("%d\n", 1 / zero); } printf("signal %d\n", status);
	page = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memcpy(page, "\xb8\x2a\0\0\0\xc3", 6); printf("made on the spot: %d\n", ((int (*)(void))page)());
	DIR *dir = opendir("/usr/share/common-licenses"); while ((d = readdir(dir)) && n < 64) if (d->d_name[0] == 'G') names[n++] = strdup(d->d_name);
	closedir(dir); qsort(names, n, sizeof *names, by_text); for (int i = 0; i < n; i++) printf("%s ", names[i]);
	time_t then = 1000000000; printf("\n%s%s\n", asctime(gmtime(&then)), fopen("/nothere", "r") ? "" : strerror(errno));
	char *big = malloc(32 << 20); memset(big, 'x', 32 << 20); big = realloc(big, 48 << 20); printf("%c %d\n", big[(32 << 20) - 1], big[5] == 'x'); free(big);
	return 42;
}
C
tcc -o world world.c -lpthread && ./world; echo $?; tcc -run world.c | cksum
tcc -b -o checked world.c -lpthread 2>&1 | head -n 3; tcc -g -c world.c && echo with debugging information
echo "== mistakes"
printf 'int main(void) { return x; }\n' | tcc - -o bad; echo $?; printf 'int f(void); int main(void) { return f(); }\n' | tcc - -o bad; echo $?
printf '#include <nothere.h>\n' | tcc -E -; echo $?; printf '#define A(x) #x\nA(1+2) __LINE__\n' | tcc -E -P -; tcc -E $EXAMPLES/ex2.c | cksum; echo 'int main() { return 3; }' | tcc -run -; echo $?
echo "== larger"
for i in $(seq 400); do echo "int f$i(int x) { int s = 0; for (int i = 0; i < x; i++) s += i * $i % 7; return s > $i ? s - $i : f$((i > 1 ? i - 1 : 1))(x - 1 > 0 ? x - 1 : 0); }"; done | sed '1s/: f1.*/: x; }/' >many.c
{ echo '#include <stdio.h>'; cat many.c; echo 'int main(void) { long s = 0;'; for i in $(seq 400); do echo "s += f$i($i);"; done; echo 'printf("%ld\n", s); return 0; }'; } >main.c
tcc -o many main.c && ./many; tcc -run main.c; wc -l <main.c

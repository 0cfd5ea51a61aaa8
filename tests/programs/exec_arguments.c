/* What a program finds on its stack: arguments, environment, the auxiliary vector. */
#include "task.h"

#include <elf.h>
#include <sys/auxv.h>

extern char **environ;
extern char _start[];
extern const Elf32_Ehdr __ehdr_start;

static void show(int argc, char **argv)
{
	char **env = environ;
	char *at = argc ? argv[0] : NULL;
	int packed = 1;

	printf("%d arguments:", argc);
	for (int i = 0; i < argc; i++) {
		packed &= argv[i] == at;
		at = argv[i] + strlen(argv[i]) + 1;
		printf(" [%.20s]", argv[i]);
	}
	printf(", then NULL %d\n", argv[argc] == NULL);
	printf("environment:");
	for (; *env; env++) {
		packed &= *env == at;
		at = *env + strlen(*env) + 1;
		printf(" [%.20s]", *env);
	}
	printf("\none string after the other, the path last: %d\n",
	       packed && at == (char *)getauxval(AT_EXECFN));
	printf("vectors in one piece: %d\n", argv + argc + 1 == environ);
	printf("esp was a multiple of 16: %d\n", ((uintptr_t)argv - 4) % 16 == 0);
	fflush(stdout);
}

static void show_auxv(void)
{
	const unsigned char *random = (const unsigned char *)getauxval(AT_RANDOM);
	int same = 1;

	for (int i = 1; i < 16; i++)
		same &= random[i] == random[0];
	printf("PHDR %d PHENT %ld PHNUM %d\n",
	       getauxval(AT_PHDR) == (uintptr_t)&__ehdr_start + __ehdr_start.e_phoff,
	       getauxval(AT_PHENT), getauxval(AT_PHNUM) == __ehdr_start.e_phnum);
	printf("PAGESZ %ld CLKTCK %ld BASE %lx FLAGS %lx SECURE %ld\n", getauxval(AT_PAGESZ),
	       getauxval(AT_CLKTCK), getauxval(AT_BASE), getauxval(AT_FLAGS), getauxval(AT_SECURE));
	printf("ENTRY %d UID %d EUID %d GID %d EGID %d\n", getauxval(AT_ENTRY) == (uintptr_t)_start,
	       getauxval(AT_UID) == getuid(), getauxval(AT_EUID) == geteuid(),
	       getauxval(AT_GID) == getgid(), getauxval(AT_EGID) == getegid());
	printf("RANDOM all the same %d, EXECFN absolute %d\n", same,
	       *(char *)getauxval(AT_EXECFN) == '/');
	printf("HWCAP has an FPU %ld, MINSIGSTKSZ enough %d\n", getauxval(AT_HWCAP) & 1,
	       getauxval(AT_MINSIGSTKSZ) >= 1024);
	fflush(stdout);
}

static void run(char **arguments, char **environment)
{
	pid_t child = split();

	if (child == 0) {
		execve("./again", arguments, environment);
		printf("%s\n", result_name(-1));
		leave(1);
	}
	reap("child", child);
}

int main(int argc, char **argv)
{
	static char big[100001];
	char *long_list[2002], *empty[] = { NULL };

	if (strcmp((char *)getauxval(AT_EXECFN), "./again") == 0) {
		show(argc, argv);
		return 0;
	}
	show_auxv();
	if (symlink("/proc/self/exe", "again") != 0)
		return 1;
	unlink("again");
	char path[4096];
	ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);
	path[length > 0 ? length : 0] = '\0';
	if (symlink(path, "again") != 0)
		return 1;
	run((char *[]){ "again", "one", "", "three words here", NULL },
	    (char *[]){ "A=1", "B=", NULL });
	run((char *[]){ "x", NULL }, empty);
	run(empty, empty);
	run(NULL, NULL);
	memset(big, 'y', 100000);
	run((char *[]){ "big", big, "end", NULL }, (char *[]){ big, NULL });
	for (int i = 0; i < 2000; i++)
		long_list[i] = "l";
	long_list[2000] = NULL;
	run((char *[]){ "a", "b", NULL }, (char *[]){ "TERM=none", "HOME=/", "C", NULL });
	pid_t child = split();
	if (child == 0) {
		freopen("/dev/null", "w", stdout);
		execve("./again", long_list, empty);
		_exit(1);
	}
	reap("2000 arguments", child);
	return 0;
}

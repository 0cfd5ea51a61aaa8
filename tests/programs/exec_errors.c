/* What exec refuses before it does anything: paths, pointers, too much. */
#include "task.h"

#include <sys/resource.h>
#include <sys/stat.h>

static char *none[] = { NULL };

static void try(const char *what, const char *path, char **arguments, char **environment)
{
	int result;

	errno = 0;
	result = execve(path, arguments, environment);
	printf("%s: %s\n", what, result_name(result));
}

static void make(const char *name, mode_t mode, const char *text)
{
	int file = open(name, O_CREAT | O_WRONLY, 0600);

	if (write(file, text, strlen(text)) < 0)
		exit(1);
	fchmod(file, mode);
	close(file);
}

static void paths(void)
{
	char name[5000];

	make("plain", 0644, "text\n");
	make("junk", 0755, "text\n");
	make("empty", 0755, "");
	mkdir("folder", 0755);
	mkfifo("pipe", 0755);
	symlink("loop", "loop");
	symlink("nowhere", "dangling");
	try("nothing there", "nothing", none, none);
	try("empty name", "", none, none);
	try("not executable", "plain", none, none);
	try("text", "junk", none, none);
	try("empty file", "empty", none, none);
	try("a folder", "folder", none, none);
	try("a pipe", "pipe", none, none);
	try("a device", "/dev/null", none, none);
	try("in a file", "plain/x", none, none);
	try("a loop", "loop", none, none);
	try("a dangling link", "dangling", none, none);
	memset(name, 'a', 300);
	name[300] = '\0';
	try("a long component", name, none, none);
	memset(name, '/', 4999);
	name[4999] = '\0';
	try("a long path", name, none, none);
	try("no path", NULL, none, none);
	try("a path in the kernel", (char *)0xfffff000, none, none);
}

static void pointers(void)
{
	char *bad = (char *)16;
	char *list[] = { "a", bad, NULL };

	try("bad vector", "/proc/self/exe", (char **)bad, none);
	try("bad environment", "/proc/self/exe", none, (char **)bad);
	try("bad string", "/proc/self/exe", list, none);
	try("bad string in the environment", "/proc/self/exe", none, list);
	try("vector in the kernel", "/proc/self/exe", (char **)0xfffff000, none);
}

static void sizes(void)
{
	static char string[131073];
	static char *many[200];
	struct rlimit limit = { 400 * 1024, RLIM_INFINITY };

	memset(string, 's', sizeof(string) - 1);
	char *one[] = { "x", string, NULL };
	try("a string of 128 KB and its end", "/proc/self/exe", one, none);
	try("the same in the environment", "/proc/self/exe", none, one);
	string[131000] = '\0';
	for (int i = 0; i < 199; i++)
		many[i] = string;
	try("26 MB of strings", "/proc/self/exe", many, none);
	setrlimit(RLIMIT_STACK, &limit);
	many[2] = NULL;
	try("256 KB with a stack of 400 KB", "/proc/self/exe", many, none);
}

int main(void)
{
	paths();
	pointers();
	sizes();
	return 0;
}

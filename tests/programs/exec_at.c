/* execveat: by descriptor, by folder, links, scripts, errors; what the program is called then. */
#include "files.h"

#include <sys/auxv.h>
#include <sys/prctl.h>

static char *const arguments[] = { "argument", "again", NULL };

static void try(const char *what, int fd, const char *path, int flags)
{
	static char *const environment[] = { "X=1", NULL };
	fflush(stdout);
	if (fork() == 0) {
		syscall(SYS_execveat, fd, path, arguments, environment, flags);
		printf("%s: %s\n", what, strerrorname_np(errno));
		fflush(stdout);
		_exit(0);
	}
	wait(NULL);
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "again") == 0) {
		char name[17] = "";
		prctl(PR_GET_NAME, name);
		const char *file = (const char *)getauxval(AT_EXECFN);
		printf("run: %s, %s\n", strncmp(file, "/dev/fd/", 8) ? "by path" : file,
		       getenv("X"));
		return 0;
	}
	syscall(SYS_close_range, 3, ~0u, 0);
	char self[300];
	ssize_t size = readlink("/proc/self/exe", self, sizeof(self) - 1);
	self[size] = 0;
	enter("exec");
	int program = open(self, O_RDONLY), path_only = open(self, O_PATH);
	int folder = open(".", O_RDONLY | O_DIRECTORY);
	symlink(self, "link");
	int script = open("script", O_CREAT | O_WRONLY, 0755);
	dprintf(script, "#!%s again\n", self);
	close(script);
	try("by descriptor", program, "", AT_EMPTY_PATH);
	try("by O_PATH", path_only, "", AT_EMPTY_PATH);
	try("empty", program, "", 0);
	try("by folder", folder, "link", 0);
	try("not following", folder, "link", AT_SYMLINK_NOFOLLOW);
	try("missing", folder, "missing", 0);
	try("by path", folder, self, 0);
	try("here", AT_FDCWD, "link", 0);
	try("flags", program, "", 0x8000);
	try("flags", folder, "link", 0x8000);
	try("bad descriptor", 99, "", AT_EMPTY_PATH);
	try("bad folder", 99, "link", 0);
	try("not a folder", program, "link", 0);
	try("folder itself", folder, "", AT_EMPTY_PATH);
	try("pointer", program, (void *)16, AT_EMPTY_PATH);
	close(folder);
	folder = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	script = open("script", O_RDONLY | O_CLOEXEC);
	try("script that is closed", script, "", AT_EMPTY_PATH);
	try("in a folder that is closed", folder, "script", 0);
	try("program that is closed", folder, "link", 0);
	leave("exec");
	return 0;
}

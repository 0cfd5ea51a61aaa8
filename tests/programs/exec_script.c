/* Scripts: the #! line in all its shapes, and interpreters that are scripts. */
#include "task.h"

#include <sys/stat.h>

static void make(const char *name, const char *text, size_t size)
{
	int file = open(name, O_CREAT | O_TRUNC | O_WRONLY, 0755);

	if (write(file, text, size) != (ssize_t)size)
		exit(1);
	close(file);
}

static void try(const char *what, const char *text, size_t size)
{
	pid_t child;

	make("script", text, size);
	printf("%s: ", what);
	child = split();
	if (child == 0) {
		execl("./script", "name", "first", "second", NULL);
		printf("%s\n", result_name(-1));
		leave(1);
	}
	waitpid(child, NULL, 0);
}

#define TRY(what, text) try(what, text, sizeof(text) - 1)

static void chain(int length)
{
	char name[16], text[32];

	for (int i = 1; i <= length; i++) {
		snprintf(name, sizeof(name), "c%d", i);
		snprintf(text, sizeof(text), i == 1 ? "#!./show\n" : "#!./c%d a%d\n", i - 1, i);
		make(name, text, strlen(text));
	}
	printf("a chain of %d: ", length);
	snprintf(text, sizeof(text), "./c%d", length);
	pid_t child = split();
	if (child == 0) {
		execl(text, "name", "argument", NULL);
		printf("%s\n", result_name(-1));
		leave(1);
	}
	waitpid(child, NULL, 0);
}

static void long_lines(void)
{
	static const int sizes[] = { 200, 253, 254, 255, 256, 300 };

	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		char text[400] = "#!./show ", what[32];

		memset(text + 9, 'x', sizeof(text) - 9);
		text[sizes[i] - 1] = '\n';
		snprintf(what, sizeof(what), "a line of %d", sizes[i]);
		try(what, text, sizes[i]);
		memset(text + 2, 'y', 7);
		snprintf(what, sizeof(what), "a path of %d", sizes[i] - 3);
		try(what, text, sizes[i]);
	}
}

int main(int argc, char **argv)
{
	char path[4096];
	ssize_t length;

	if (strstr(argv[0], "show")) {
		char comm[32] = "";
		int file = open("/proc/self/comm", O_RDONLY);

		if (read(file, comm, sizeof(comm) - 1) <= 0)
			return 1;
		for (int i = 0; i < argc; i++)
			printf("[%.40s%s]", argv[i], strlen(argv[i]) > 40 ? "..." : "");
		printf(" as %s", comm);
		return 0;
	}
	length = readlink("/proc/self/exe", path, sizeof(path) - 1);
	path[length > 0 ? length : 0] = '\0';
	if (symlink(path, "show") != 0)
		return 1;
	TRY("plain", "#!./show\n");
	TRY("an argument", "#!./show one\n");
	TRY("blanks", "#! \t ./show \t one  two \t \n");
	TRY("no newline", "#!./show");
	TRY("no newline, an argument", "#!./show one");
	TRY("a NUL", "#!./show\0junk\n");
	TRY("a NUL in the argument", "#!./show one\0two\n");
	TRY("carriage return", "#!./show\r\n");
	TRY("nothing", "#!\n");
	TRY("blanks only", "#!   \n");
	TRY("no newline, nothing", "#!");
	TRY("no newline, blanks", "#!  ");
	TRY("half", "#");
	TRY("a space before", " #!./show\n");
	TRY("no such interpreter", "#!./missing\n");
	TRY("a folder", "#!/proc\n");
	TRY("itself", "#!./script\n");
	long_lines();
	for (int n = 1; n <= 7; n++)
		chain(n);
	return 0;
}

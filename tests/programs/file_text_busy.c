/* A program that runs cannot be written to, one that is being written cannot be run. */
#include "files.h"

int main(int argc, char **argv)
{
	static char copy[4 << 20];
	int ready[2], go[2], status;
	char byte;
	if (argc > 1) {
		write(atoi(argv[1]), "x", 1);
		read(atoi(argv[2]), &byte, 1);
		return 0;
	}
	enter("busy.d");
	int self = open("/proc/self/exe", O_RDONLY);
	if (self < 0)
		self = open(argv[0], O_RDONLY);
	ssize_t size = read(self, copy, sizeof(copy));
	int fd = open("prog", O_WRONLY | O_CREAT, 0755);
	SHOW(write(fd, copy, size) == size);
	SHOW(execl("prog", "prog", "x", "y", NULL));
	close(fd);
	pipe(ready);
	pipe(go);
	fflush(stdout);
	if (fork() == 0) {
		char a[8], b[8];
		sprintf(a, "%d", ready[1]);
		sprintf(b, "%d", go[0]);
		execl("prog", "prog", a, b, NULL);
		_exit(9);
	}
	read(ready[0], &byte, 1);
	SHOW(open("prog", O_WRONLY));
	SHOW(open("prog", O_RDONLY | O_TRUNC));
	SHOW(truncate("prog", 5));
	SHOW(unlink("prog"));
	write(go[1], "x", 1);
	wait(&status);
	SHOW(status);
	put_file("text", "no program");
	SHOW(execl("text", "text", NULL));
	chmod("text", 0755);
	SHOW(execl("text", "text", NULL));
	SHOW(execl(".", "text", NULL));
	SHOW(execl("none", "text", NULL));
	leave("busy.d");
	return 0;
}

/* EXPECT: mm_noexec.txt
 * What lies on a noexec mount may be mapped, but not to execute, now or later. */
#define _GNU_SOURCE
#include "mm.h"
#include <sys/mount.h>

int main(void)
{
	char *at;
	int fd;

	mkdir("mounted", 0700);
	mm_call("mount", mount("none", "mounted", "tmpfs", MS_NOEXEC, NULL));
	fd = open("mounted/file", O_RDWR | O_CREAT, 0700);
	mm_call("write", write(fd, "text", 4));
	at = mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	mm_call("to execute", at == MAP_FAILED ? -1 : 0);
	at = mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
	mm_call("to execute, shared", at == MAP_FAILED ? -1 : 0);
	at = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
	mm_call("to read", at == MAP_FAILED ? -1 : 0);
	mm_call("and then to execute", mprotect(at, PAGE, PROT_READ | PROT_EXEC));
	mm_call("and then to write", mprotect(at, PAGE, RW));
	munmap(at, PAGE);
	close(fd);
	mm_call("unmount", umount("mounted"));
	rmdir("mounted");
	return 0;
}

/* The machine's name and state, and random numbers. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

static const char *name_of(long result)
{
	return result >= 0 ? "ok" : strerrorname_np(errno);
}

static void names(void)
{
	struct utsname name;
	char old[5][65], oldest[5][9];

	printf("uname: %s", name_of(uname(&name)));
	printf(", %s, release 5 or 6: %d, i686 or x86_64: %d\n", name.sysname,
	       name.release[0] == '6' || name.release[0] == '5',
	       strcmp(name.machine, "i686") == 0 || strcmp(name.machine, "x86_64") == 0);
	printf("all there: %d\n", name.nodename[0] && name.version[0] == '#' && name.domainname[0]);
	printf("olduname: %s", name_of(syscall(SYS_olduname, old)));
	printf(", same: %d\n", strcmp(old[0], name.sysname) == 0 &&
				       strcmp(old[2], name.release) == 0 &&
				       strcmp(old[4], name.machine) == 0);
	printf("oldolduname: %s", name_of(syscall(SYS_oldolduname, oldest)));
	printf(", same, cut: %d\n", strncmp(oldest[2], name.release, 8) == 0 && oldest[2][8] == 0);
	printf("bad pointers: %s", name_of(syscall(SYS_uname, (void *)16)));
	printf(" %s", name_of(syscall(SYS_olduname, (void *)16)));
	printf(" %s\n", name_of(syscall(SYS_oldolduname, (void *)16)));
}

static void state(void)
{
	struct sysinfo info;
	struct timespec up;

	memset(&info, 0xff, sizeof(info));
	printf("sysinfo: %s", name_of(sysinfo(&info)));
	clock_gettime(CLOCK_BOOTTIME, &up);
	printf(", uptime: %d, memory: %d %d %d, processes: %d\n",
	       info.uptime >= up.tv_sec && info.uptime <= up.tv_sec + 2,
	       info.totalram > info.freeram && info.freeram > 0, info.mem_unit >= 1,
	       info.totalhigh >= info.freehigh, info.procs > 0);
	printf("bad pointer: %s\n", name_of(syscall(SYS_sysinfo, (void *)16)));
}

static void random_numbers(void)
{
	static uint8_t bytes[100000], more[100000];
	long got = syscall(SYS_getrandom, bytes, sizeof(bytes), 0);
	unsigned different = 0, ones = 0;

	printf("getrandom: %ld", got);
	printf(" %ld", syscall(SYS_getrandom, more, sizeof(more), 1));
	for (unsigned i = 0; i < sizeof(bytes); i++) {
		different += bytes[i] != more[i];
		ones += __builtin_popcount(bytes[i]);
	}
	printf(", different: %d, fair: %d\n", different > 99000, ones > 398000 && ones < 402000);
	printf("flags: %ld", syscall(SYS_getrandom, bytes, 10, 4));
	printf(" %s", name_of(syscall(SYS_getrandom, bytes, 10, 8)));
	printf(" %s", name_of(syscall(SYS_getrandom, bytes, 10, 6)));
	printf(" %ld\n", syscall(SYS_getrandom, bytes, 0, 0));
	printf("bad pointers: %s", name_of(syscall(SYS_getrandom, (void *)16, 10, 0)));
	printf(" %s\n", name_of(syscall(SYS_getrandom, (void *)-10, 100, 0)));
	char *two = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	munmap(two + 4096, 4096);
	printf("up to a bad page: %ld", syscall(SYS_getrandom, two + 4096 - 256, 1000, 0));
	printf(" %s\n", name_of(syscall(SYS_getrandom, two + 4096, 1000, 0)));
}

int main(void)
{
	names();
	state();
	random_numbers();
	return 0;
}

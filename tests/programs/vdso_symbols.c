/*
 * What the vDSO exports: its ELF headers as a C library reads them, each symbol with its version,
 * and what each function answers, against the system call.
 */
#include "task.h"

#include <elf.h>
#include <link.h>
#include <sys/auxv.h>
#include <sys/time.h>
#include <time.h>

struct timespec64 {
	int64_t sec, nsec;
};

static const char *base, *strings;
static const Elf32_Sym *symbols;
static const Elf32_Word *hash;
static const Elf32_Half *versions;
static const Elf32_Verdef *definitions;
static Elf32_Word ndefinitions;

static void read_dynamic(const Elf32_Dyn *entry, Elf32_Addr bias)
{
	for (; entry->d_tag; entry++) {
		const char *at = (const char *)(entry->d_un.d_ptr + bias);

		if (entry->d_tag == DT_STRTAB)
			strings = at;
		else if (entry->d_tag == DT_SYMTAB)
			symbols = (const void *)at;
		else if (entry->d_tag == DT_HASH)
			hash = (const void *)at;
		else if (entry->d_tag == DT_VERSYM)
			versions = (const void *)at;
		else if (entry->d_tag == DT_VERDEF)
			definitions = (const void *)at;
		else if (entry->d_tag == DT_VERDEFNUM)
			ndefinitions = entry->d_un.d_val;
	}
	for (entry = entry - 1; entry->d_tag != DT_SONAME; entry--)
		;
	printf("soname %s\n", strings + entry->d_un.d_val);
}

static int read_headers(void)
{
	const Elf32_Ehdr *header = (const void *)base;
	const Elf32_Phdr *segment = (const void *)(base + header->e_phoff);
	const Elf32_Dyn *dynamic = NULL;
	Elf32_Addr bias = 0;
	int unwind = 0, loads = 0;

	printf("magic %d, type %u, machine %u\n", memcmp(base, ELFMAG, SELFMAG), header->e_type,
	       header->e_machine);
	for (int i = 0; i < header->e_phnum; i++) {
		if (segment[i].p_type == PT_LOAD) {
			loads++;
			bias = (Elf32_Addr)base + segment[i].p_offset - segment[i].p_vaddr;
		} else if (segment[i].p_type == PT_DYNAMIC) {
			dynamic = (const void *)(base + segment[i].p_offset);
		}
		unwind |= segment[i].p_type == PT_GNU_EH_FRAME;
	}
	printf("loads %d, unwind table %d\n", loads, unwind);
	if (dynamic)
		read_dynamic(dynamic, bias);
	return dynamic && strings && symbols && hash && versions && definitions;
}

static const char *version_of(unsigned index)
{
	const Elf32_Verdef *definition = definitions;

	for (Elf32_Word i = 0; i < ndefinitions; i++) {
		const Elf32_Verdaux *name =
			(const void *)((const char *)definition + definition->vd_aux);

		if (definition->vd_ndx == (index & 0x7fff))
			return strings + name->vda_name;
		definition = (const void *)((const char *)definition + definition->vd_next);
	}
	return "none";
}

static void *find(const char *name)
{
	for (Elf32_Word i = 0; i < hash[1]; i++) {
		if (strcmp(strings + symbols[i].st_name, name) != 0)
			continue;
		printf("%s %s type %u bind %u %s\n", name, version_of(versions[i]),
		       ELF32_ST_TYPE(symbols[i].st_info), ELF32_ST_BIND(symbols[i].st_info),
		       symbols[i].st_size ? "sized" : "empty");
		return (void *)(base + symbols[i].st_value);
	}
	printf("%s is not there\n", name);
	return NULL;
}

static int64_t ns_of(const struct timespec64 *time)
{
	return time->sec * 1000000000 + time->nsec;
}

/* The vDSO's reading lies between two of the system call. */
static void compare64(int (*gettime)(clockid_t, struct timespec64 *), clockid_t id)
{
	struct timespec64 before, here, after;
	int wrong = 0;

	for (int i = 0; i < 20000; i++) {
		syscall(SYS_clock_gettime64, id, &before);
		wrong += gettime(id, &here) != 0;
		syscall(SYS_clock_gettime64, id, &after);
		wrong += ns_of(&here) < ns_of(&before) || ns_of(&here) > ns_of(&after);
		wrong += here.nsec < 0 || here.nsec > 999999999;
	}
	printf("clock %d: %d of 20000 not between\n", (int)id, wrong);
}

static void compare32(int (*gettime)(clockid_t, struct timespec *), clockid_t id)
{
	struct timespec before, here, after;
	int wrong = 0;

	for (int i = 0; i < 2000; i++) {
		syscall(SYS_clock_gettime, id, &before);
		wrong += gettime(id, &here) != 0;
		syscall(SYS_clock_gettime, id, &after);
		wrong += (here.tv_sec - before.tv_sec) * 1000000000ll + here.tv_nsec -
				 before.tv_nsec <
			 0;
		wrong += (after.tv_sec - here.tv_sec) * 1000000000ll + after.tv_nsec -
				 here.tv_nsec <
			 0;
	}
	printf("clock %d, 32 bits: %d of 2000 not between\n", (int)id, wrong);
}

static void compare_day(int (*gettimeofday)(struct timeval *, struct timezone *))
{
	struct timeval before, here, after, *both[] = { &before, &after };
	struct timezone zone = { 1, 2 };
	int wrong = 0;

	for (int i = 0; i < 2000; i++) {
		syscall(SYS_gettimeofday, both[0], NULL);
		wrong += gettimeofday(&here, &zone) != 0;
		syscall(SYS_gettimeofday, both[1], NULL);
		wrong += timercmp(&here, &before, <) || timercmp(&here, &after, >);
	}
	printf("gettimeofday: %d of 2000 not between, zone %d %d, nothing %d\n", wrong,
	       zone.tz_minuteswest, zone.tz_dsttime, gettimeofday(NULL, NULL));
}

/* time() and its system call count the same seconds. */
static void compare_time(time_t (*seconds)(time_t *))
{
	time_t stored = 0, before = syscall(SYS_time, NULL), here = seconds(&stored);
	time_t after = syscall(SYS_time, NULL);

	printf("time: %d, stored %d\n", here >= before && here <= after, stored == here);
}

static void compare_resolution(int (*getres)(clockid_t, struct timespec *))
{
	static const clockid_t ids[] = { 0, 1, 2, 4, 5, 6, 7, 11, 10, 99 };

	for (size_t i = 0; i < sizeof(ids) / sizeof(*ids); i++) {
		struct timespec here = { 7, 7 }, there = { 7, 7 };
		int result = getres(ids[i], &here);
		int other = syscall(SYS_clock_getres, ids[i], &there) ? -errno : 0;

		printf("resolution of %d: %d, as the call %d\n", (int)ids[i], result,
		       result == other && here.tv_sec == there.tv_sec &&
			       here.tv_nsec == there.tv_nsec);
	}
	printf("resolution to nowhere: %d\n", getres(0, NULL));
}

int main(void)
{
	static const clockid_t ids[] = { CLOCK_REALTIME,
					 CLOCK_MONOTONIC,
					 CLOCK_MONOTONIC_RAW,
					 CLOCK_BOOTTIME,
					 CLOCK_REALTIME_COARSE,
					 CLOCK_TAI,
					 6,
					 CLOCK_PROCESS_CPUTIME_ID };
	int (*gettime64)(clockid_t, struct timespec64 *);
	int (*gettime)(clockid_t, struct timespec *);
	int (*getres)(clockid_t, struct timespec *);
	int (*day)(struct timeval *, struct timezone *);
	time_t (*seconds)(time_t *);
	struct timespec64 time64;
	struct timespec time;
	void *vsyscall;

	base = (const char *)getauxval(AT_SYSINFO_EHDR);
	if (!base || !read_headers())
		return 1;
	vsyscall = find("__kernel_vsyscall");
	printf("AT_SYSINFO is that: %d\n", (void *)getauxval(AT_SYSINFO) == vsyscall);
	find("__kernel_sigreturn");
	find("__kernel_rt_sigreturn");
	gettime = find("__vdso_clock_gettime");
	gettime64 = find("__vdso_clock_gettime64");
	day = find("__vdso_gettimeofday");
	seconds = find("__vdso_time");
	getres = find("__vdso_clock_getres");
	if (!gettime || !gettime64 || !day || !seconds || !getres)
		return 2;
	for (size_t i = 0; i < sizeof(ids) / sizeof(*ids); i++)
		compare64(gettime64, ids[i]);
	compare32(gettime, CLOCK_REALTIME);
	compare32(gettime, CLOCK_MONOTONIC);
	printf("no such clock: %d %d\n", gettime64(12345, &time64), gettime(-99999999, &time));
	compare_day(day);
	compare_time(seconds);
	compare_resolution(getres);
	return 0;
}

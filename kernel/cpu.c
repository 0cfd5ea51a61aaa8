/*
 * What processor this is, from CPUID (Intel SDM 2A), which later 486s have and earlier ones
 * have not.
 */
#include <cpu.h>

#include <format.h>
#include <string.h>

struct cpu cpu;

struct cpuid {
	uint32_t eax, ebx, ecx, edx;
};

#define SYSENTER_FIRST 0x633u /* family, model, stepping */

#define CPUID_BRAND_FIRST 0x80000002u
#define CPUID_BRAND_LAST 0x80000004u

/*
 * The names that Linux gives the features in /proc/cpuinfo, by word and bit; NULL for bits that
 * have none.
 */
static const char *const feature_names[CPU_WORDS][32] = {
	[CPU_WORD_1_EDX] = { "fpu",  "vme",   "de",   "pse",	 "tsc",	 "msr", "pae",	"mce",
			     "cx8",  "apic",  NULL,   "sep",	 "mtrr", "pge", "mca",	"cmov",
			     "pat",  "pse36", "pn",   "clflush", NULL,	 "dts", "acpi", "mmx",
			     "fxsr", "sse",   "sse2", "ss",	 "ht",	 "tm",	"ia64", "pbe" },
	[CPU_WORD_1_ECX] = { "pni",    "pclmulqdq", "dtes64",  "monitor", "ds_cpl",
			     "vmx",    "smx",	    "est",     "tm2",	  "ssse3",
			     "cid",    "sdbg",	    "fma",     "cx16",	  "xtpr",
			     "pdcm",   NULL,	    "pcid",    "dca",	  "sse4_1",
			     "sse4_2", "x2apic",    "movbe",   "popcnt",  "tsc_deadline_timer",
			     "aes",    "xsave",	    "osxsave", "avx",	  "f16c",
			     "rdrand", "hypervisor" },
	[CPU_WORD_7_EBX] = { [0] = "fsgsbase",
			     [3] = "bmi1",
			     [5] = "avx2",
			     [7] = "smep",
			     [8] = "bmi2",
			     [9] = "erms",
			     [10] = "invpcid",
			     [18] = "rdseed",
			     [19] = "adx",
			     [20] = "smap",
			     [23] = "clflushopt",
			     [24] = "clwb",
			     [29] = "sha_ni" },
	[CPU_WORD_7_ECX] = { [2] = "umip", [3] = "pku", [22] = "rdpid" },
};

static uint32_t read_eflags(void)
{
	uint32_t eflags;

	__asm__ volatile("pushfl\n\tpopl %0" : "=r"(eflags));
	return eflags;
}

static void write_eflags(uint32_t eflags)
{
	__asm__ volatile("pushl %0\n\tpopfl" : : "r"(eflags) : "memory", "cc");
}

/* There is CPUID when EFLAGS.ID can be changed (SDM 1, 20.1.2). */
static bool detect_cpuid(void)
{
	uint32_t before = read_eflags();
	bool changed;

	write_eflags(before ^ EFLAGS_ID);
	changed = (read_eflags() ^ before) & EFLAGS_ID;
	write_eflags(before);
	return changed;
}

static struct cpuid cpuid(uint32_t leaf)
{
	struct cpuid result;

	__asm__ volatile("cpuid"
			 : "=a"(result.eax), "=b"(result.ebx), "=c"(result.ecx), "=d"(result.edx)
			 : "a"(leaf), "c"(0));
	return result;
}

static void read_vendor(const struct cpuid *leaf0)
{
	memcpy(cpu.vendor, &leaf0->ebx, 4);
	memcpy(cpu.vendor + 4, &leaf0->edx, 4);
	memcpy(cpu.vendor + 8, &leaf0->ecx, 4);
	cpu.vendor[12] = '\0';
}

/* Leaf 1's EAX: stepping, model, family, with the upper parts that later processors needed. */
static void read_signature(uint32_t signature)
{
	cpu.stepping = signature & 15;
	cpu.model = (signature >> 4) & 15;
	cpu.family = (signature >> 8) & 15;
	if (cpu.family == 6 || cpu.family == 15)
		cpu.model |= (signature >> 12) & 0xf0;
	if (cpu.family == 15)
		cpu.family += (signature >> 20) & 0xff;
}

static void read_brand(void)
{
	char *to = cpu.model_name;

	if (cpuid(0x80000000u).eax < CPUID_BRAND_LAST) {
		format(cpu.model_name, sizeof(cpu.model_name), "%s family %u model %u", cpu.vendor,
		       cpu.family, cpu.model);
		return;
	}
	for (uint32_t leaf = CPUID_BRAND_FIRST; leaf <= CPUID_BRAND_LAST; leaf++, to += 16) {
		struct cpuid part = cpuid(leaf);

		memcpy(to, &part, 16);
	}
	*to = '\0';
	/* Some are set right with spaces. */
	for (to = cpu.model_name; *to == ' ';)
		to++;
	memmove(cpu.model_name, to, strlen(to) + 1);
}

static void read_features(uint32_t last_leaf)
{
	struct cpuid leaf = cpuid(1);

	read_signature(leaf.eax);
	cpu.words[CPU_WORD_1_EDX] = leaf.edx;
	cpu.words[CPU_WORD_1_ECX] = leaf.ecx;
	if (last_leaf < 7)
		return;
	leaf = cpuid(7);
	cpu.words[CPU_WORD_7_EBX] = leaf.ebx;
	cpu.words[CPU_WORD_7_ECX] = leaf.ecx;
}

/* Pentium Pros before model 3, stepping 3 say that they have SYSENTER and have not (SDM 2B). */
static void correct_features(void)
{
	if ((cpu.family << 8 | cpu.model << 4 | cpu.stepping) < SYSENTER_FIRST)
		cpu.words[CPU_SEP / 32] &= ~(1u << (CPU_SEP % 32));
}

void cpu_init(void)
{
	struct cpuid leaf0;

	if (cpu.family)
		return;
	cpu.has_cpuid = detect_cpuid();
	if (!cpu.has_cpuid) {
		/* The loader asked for PSE, so this is no 386. */
		cpu.family = 4;
		strlcpy(cpu.vendor, "unknown", sizeof(cpu.vendor));
		strlcpy(cpu.model_name, "486", sizeof(cpu.model_name));
		return;
	}
	leaf0 = cpuid(0);
	read_vendor(&leaf0);
	read_features(leaf0.eax);
	correct_features();
	read_brand();
}

/* Appends to text, of which `length` is used; returns the new length, which may be past size. */
__attribute__((format(printf, 4, 5))) static int append(char *text, size_t size, int length,
							const char *format_text, ...)
{
	size_t used = MIN((size_t)length, size);
	va_list args;

	va_start(args, format_text);
	length += vformat(text + used, size - used, format_text, args);
	va_end(args);
	return length;
}

static int append_features(char *text, size_t size, int length)
{
	for (unsigned word = 0; word < CPU_WORDS; word++) {
		for (unsigned bit = 0; bit < 32; bit++) {
			const char *name = feature_names[word][bit];

			if (name && cpu.words[word] & (1u << bit))
				length = append(text, size, length, " %s", name);
		}
	}
	return length;
}

int cpu_describe(char *text, size_t size, uint32_t khz)
{
	int length = 0;

	length = append(text, size, length,
			"processor\t: 0\nvendor_id\t: %s\ncpu family\t: %u\nmodel\t\t: %u\n"
			"model name\t: %s\nstepping\t: %u\n",
			cpu.vendor, cpu.family, cpu.model, cpu.model_name, cpu.stepping);
	if (khz)
		length = append(text, size, length, "cpu MHz\t\t: %u.%03u\n", khz / 1000,
				khz % 1000);
	length = append(text, size, length,
			"fdiv_bug\t: no\nf00f_bug\t: no\ncoma_bug\t: no\nfpu\t\t: %s\n"
			"fpu_exception\t: %s\ncpuid level\t: %u\nwp\t\t: yes\nflags\t\t:",
			cpu_has(CPU_FPU) ? "yes" : "no", cpu_has(CPU_FPU) ? "yes" : "no",
			cpu.has_cpuid ? cpuid(0).eax : 0);
	length = append_features(text, size, length);
	return append(text, size, length, "\nbogomips\t: %u.%02u\n\n", khz / 500, khz / 5 % 100);
}

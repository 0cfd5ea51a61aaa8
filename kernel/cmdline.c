/*
 * The kernel command line, split as Linux splits it: words end at white space outside double
 * quotes; quotes around a whole word or around a value are taken off; '-' and '_' are the same
 * in names.
 *
 * What is ours stays here and is found by name. The rest is init's: a word with no '=' as an
 * argument, a pair as environment, where it replaces a pair of the same name. A name with a dot
 * belongs to a module, of which there are none, and is dropped. Behind "--" everything is an
 * argument. init= drops the arguments before it. All this is Linux's
 * (Documentation/admin-guide/kernel-parameters.rst).
 *
 * Written once while booting; constant afterwards.
 */
#include <cmdline.h>

#include <assert.h>
#include <boot.h>
#include <log.h>
#include <string.h>

#define KNOWN_MAX 32

struct pair {
	const char *name;
	const char *value; /* NULL: no '=' */
};

static char words[BOOT_CMDLINE_MAX];
static struct pair known[KNOWN_MAX];
static unsigned nknown;
static const char *arguments[CMDLINE_WORDS_MAX + 1];
static unsigned narguments;
static const char *environment[CMDLINE_WORDS_MAX + 1];
static unsigned nenvironment;

/* What the kernel takes for itself; include/cmdline.h says what each means. */
static const char *const kernel_names[] = {
	"block.timeout", "console",    "crash",	       "debug",	   "fail_io",  "fail_nth",
	"init",		 "libata.dma", "libata.force", "loglevel", "mem",      "panic",
	"panic_exit",	 "quiet",      "rdinit",       "ro",	   "root",     "rootdelay",
	"rootflags",	 "rootfstype", "rootwait",     "rw",	   "selftest", "selftest_seed",
	"vm.policy",
};

static bool is_space(char byte)
{
	return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

static char plain(char byte)
{
	return byte == '-' ? '_' : byte;
}

static bool same_name(const char *a, const char *b)
{
	while (*a && plain(*a) == plain(*b)) {
		a++;
		b++;
	}
	return plain(*a) == plain(*b);
}

/*
 * Cuts the first word off *rest, terminated and without the quotes around the whole of it; NULL
 * at the end.
 */
static char *cut_word(char **rest)
{
	char *at = *rest;
	bool quoted = false;

	while (is_space(*at))
		at++;
	if (!*at)
		return NULL;
	bool whole = *at == '"';
	char *word = whole ? at + 1 : at;

	for (; *at && (quoted || !is_space(*at)); at++) {
		if (*at == '"')
			quoted = !quoted;
	}
	*rest = *at ? at + 1 : at;
	*at = '\0';
	if (whole && at > word && at[-1] == '"')
		at[-1] = '\0';
	return word;
}

/* Takes the quotes around a value off, in place: the word stays one string. */
static void unquote(char *value)
{
	size_t size = strlen(value);

	if (value[0] != '"')
		return;
	if (size > 1 && value[size - 1] == '"')
		size--;
	memmove(value, value + 1, size - 1);
	value[size - 1] = '\0';
}

static bool is_known(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(kernel_names); i++) {
		if (same_name(name, kernel_names[i]))
			return true;
	}
	return false;
}

static void add_known(const char *name, const char *value)
{
	if (nknown == KNOWN_MAX) {
		log_warning("cmdline: more than %u words: %s left out", KNOWN_MAX, name);
		return;
	}
	known[nknown++] = (struct pair){ name, value };
	if (same_name(name, "init") || same_name(name, "rdinit"))
		narguments = 0;
}

static void add_argument(const char *word)
{
	if (narguments == CMDLINE_WORDS_MAX)
		log_warning("cmdline: too many words for init: %s left out", word);
	else
		arguments[narguments++] = word;
}

/* pair is "name=value", name_size counts the '=' too. */
static void add_environment(const char *pair, size_t name_size)
{
	for (unsigned i = 0; i < nenvironment; i++) {
		if (strncmp(environment[i], pair, name_size) == 0) {
			environment[i] = pair;
			return;
		}
	}
	if (nenvironment == CMDLINE_WORDS_MAX)
		log_warning("cmdline: too many words for init: %s left out", pair);
	else
		environment[nenvironment++] = pair;
}

static void sort_word(char *word)
{
	char *equals = strchr(word, '=');
	char *dot = strchr(word, '.');

	/* As Linux has it, a word that starts with '=' has no name and is no pair. */
	if (equals == word)
		equals = NULL;
	if (equals) {
		unquote(equals + 1);
		*equals = '\0';
	}
	if (is_known(word)) {
		add_known(word, equals ? equals + 1 : NULL);
		return;
	}
	if (equals)
		*equals = '=';
	if (dot && (!equals || dot < equals))
		log_info("cmdline: %s: no such module", word);
	else if (equals)
		add_environment(word, equals + 1 - word);
	else
		add_argument(word);
}

void cmdline_parse(const char *cmdline)
{
	char *rest = words, *word;
	bool all_for_init = false;

	if (strlcpy(words, cmdline, sizeof(words)) >= sizeof(words))
		log_warning("cmdline: cut after %u bytes", (unsigned)sizeof(words) - 1);
	nknown = narguments = nenvironment = 0;
	add_environment("HOME=/", 5);
	add_environment("TERM=linux", 5);
	while ((word = cut_word(&rest)) != NULL) {
		if (all_for_init)
			add_argument(word);
		else if (strcmp(word, "--") == 0)
			all_for_init = true;
		else
			sort_word(word);
	}
	arguments[narguments] = NULL;
	environment[nenvironment] = NULL;
}

const char *cmdline_skip_kernel(const char *cmdline)
{
	size_t start = 0, end;

	while (is_space(cmdline[start]))
		start++;
	bool has_slash = false, has_equals = false;

	for (end = start; cmdline[end] && !is_space(cmdline[end]); end++) {
		has_slash |= cmdline[end] == '/';
		has_equals |= cmdline[end] == '=';
	}
	bool has_suffix = end - start > 4 && strncmp(cmdline + end - 4, ".elf", 4) == 0;

	if (has_equals || !(has_slash || has_suffix))
		end = start;
	while (is_space(cmdline[end]))
		end++;
	return cmdline + end;
}

const char *cmdline_get_nth(const char *name, unsigned i)
{
	for (unsigned at = 0; at < nknown; at++) {
		if (same_name(known[at].name, name) && i-- == 0)
			return known[at].value ? known[at].value : "";
	}
	return NULL;
}

const char *cmdline_get(const char *name)
{
	assert(is_known(name));
	const char *last = NULL;

	for (unsigned at = 0; at < nknown; at++) {
		if (same_name(known[at].name, name))
			last = known[at].value ? known[at].value : "";
	}
	return last;
}

const char *const *cmdline_init_arguments(void)
{
	return arguments;
}

const char *const *cmdline_init_environment(void)
{
	return environment;
}

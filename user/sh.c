/*
 * sh: a shell for machines too small for a real one, or for an image without busybox.
 *
 * A line is commands joined by | into pipelines, and pipelines joined by ; — a command is words
 * (with '...', "..." and \ to quote) and the redirections <, > and >>. cd, exit and a few
 * commands that every shell session needs are built in; everything else is looked for on the
 * PATH. Each pipeline is a process group of its own in the foreground, so that Ctrl-C ends it
 * and not the shell.
 */
#include "libc/libc.h"

#define TIOCGPGRP 0x540f
#define TIOCSPGRP 0x5410
#define WORDS 64
#define LINE 512

struct command {
	char *words[WORDS]; /* NULL-terminated */
	const char *input, *output;
	bool append;
};

static char **environment;
static bool interactive;
static int last_status;

static void complain(const char *what, int error)
{
	print("sh: %s: error %d\n", what, error < 0 ? -error : error);
}

/* --- reading and taking apart --- */

/* A line without its end in text[LINE]; false at the end of input. */
static bool read_line(int fd, char *text)
{
	size_t length = 0;
	char character;
	for (;;) {
		int got = read(fd, &character, 1);
		if (got == -EINTR) {
			length = 0;
			continue;
		}
		if (got <= 0)
			break;
		if (character == '\n') {
			text[length] = 0;
			return true;
		}
		if (length < LINE - 1)
			text[length++] = character;
	}
	text[length] = 0;
	return length > 0;
}

static bool is_operator(char character)
{
	return character == '|' || character == ';' || character == '<' || character == '>';
}

/* A line that is being taken apart. The words end up, without their quotes, in space. */
struct parser {
	const char *at;
	char *free;
	char space[2 * LINE];
};

static char *take_operator(struct parser *parser)
{
	char *word = parser->free;
	char first = *parser->at;
	do {
		*parser->free++ = *parser->at++;
	} while (first == '>' && *parser->at == '>' && parser->free == word + 1);
	*parser->free++ = 0;
	return word;
}

/* The next word, or operator; NULL at the end of the line. */
static char *next_word(struct parser *parser, bool *is_op)
{
	while (*parser->at == ' ' || *parser->at == '\t')
		parser->at++;
	*is_op = is_operator(*parser->at);
	if (*is_op)
		return take_operator(parser);
	if (!*parser->at || *parser->at == '#')
		return NULL;
	char *word = parser->free, quote = 0;
	for (const char *at = parser->at;; at++) {
		parser->at = at;
		if (!*at || (!quote && (*at == ' ' || *at == '\t' || is_operator(*at))))
			break;
		if (quote ? *at == quote : *at == '\'' || *at == '"')
			quote = quote ? 0 : *at;
		else if (*at == '\\' && quote != '\'' && at[1])
			*parser->free++ = *++at;
		else
			*parser->free++ = *at;
	}
	*parser->free++ = 0;
	return word;
}

/*
 * Takes one command. *ended_by becomes '|', ';' or, at the line's end, 0. False if the line
 * makes no sense.
 */
static bool parse_command(struct parser *parser, struct command *command, char *ended_by)
{
	size_t count = 0;
	bool is_op;
	char *word;
	memset(command, 0, sizeof(*command));
	*ended_by = 0;
	while ((word = next_word(parser, &is_op))) {
		if (is_op && (*word == '|' || *word == ';')) {
			*ended_by = *word;
			break;
		}
		if (is_op) {
			const char **target = *word == '<' ? &command->input : &command->output;
			command->append = word[1] == '>';
			*target = next_word(parser, &is_op);
			if (!*target || is_op)
				return false;
		} else if (count < WORDS - 1) {
			command->words[count++] = word;
		}
	}
	return count > 0 || command->output || command->input || *ended_by != '|';
}

/* --- commands that are built in --- */

static int copy_to_output(int fd)
{
	char block[512];
	int got;
	while ((got = read(fd, block, sizeof(block))) > 0)
		write(1, block, got);
	return got < 0;
}

static int do_cat(char **words)
{
	int status = 0;
	if (!words[1])
		return copy_to_output(0);
	for (size_t i = 1; words[i]; i++) {
		int fd = open(words[i], O_RDONLY, 0);
		if (fd < 0)
			complain(words[i], fd);
		status |= fd < 0 || copy_to_output(fd);
		close(fd);
	}
	return status;
}

static int do_echo(char **words)
{
	for (size_t i = 1; words[i]; i++)
		print("%s%s", words[i], words[i + 1] ? " " : "");
	print("\n");
	return 0;
}

static int do_ls(char **words)
{
	struct entry {
		uint64_t inode, offset;
		uint16_t length;
		uint8_t type;
		char name[];
	};
	static char block[1024] __attribute__((aligned(8)));
	const char *path = words[1] ? words[1] : ".";
	int got, fd = open(path, O_RDONLY, 0);
	if (fd < 0) {
		complain(path, fd);
		return 1;
	}
	while ((got = syscall3(SYS_getdents64, fd, block, sizeof(block))) > 0)
		for (int at = 0; at < got; at += ((struct entry *)(block + at))->length) {
			struct entry *entry = (struct entry *)(block + at);
			if (entry->name[0] != '.')
				print("%s%s\n", entry->name, entry->type == 4 ? "/" : "");
		}
	close(fd);
	return got < 0;
}

static int do_pwd(char **words)
{
	char path[256];
	(void)words;
	int got = syscall3(SYS_getcwd, path, sizeof(path), 0);
	print("%s\n", got < 0 ? "?" : path);
	return got < 0;
}

static int do_cd(char **words)
{
	const char *path = words[1] ? words[1] : "/";
	int error = syscall3(SYS_chdir, path, 0, 0);
	if (error)
		complain(path, error);
	return error != 0;
}

static int do_exit(char **words)
{
	exit(words[1] ? number(words[1]) : (uint32_t)last_status);
}

/* Process 1 knows how to end everything: busybox's and ours do it at this signal. */
static int do_poweroff(char **words)
{
	(void)words;
	return kill(1, SIGUSR2) != 0;
}

static int do_help(char **words)
{
	(void)words;
	print("built in: cat cd echo exit help ls poweroff pwd\n"
	      "a | b   a ; b   < file   > file   >> file   'quoted' \"quoted\" \\quoted\n"
	      "programs in /bin:\n");
	static char *in_bin[] = { "ls", "/bin", NULL };
	return do_ls(in_bin);
}

static const struct builtin {
	const char *name;
	int (*run)(char **words);
	bool in_shell; /* must run in the shell's own process */
} builtins[] = {
	{ "cat", do_cat, false },	   { "cd", do_cd, true },      { "echo", do_echo, false },
	{ "exit", do_exit, true },	   { "help", do_help, false }, { "ls", do_ls, false },
	{ "poweroff", do_poweroff, true }, { "pwd", do_pwd, false },
};

static const struct builtin *find_builtin(const char *name)
{
	for (size_t i = 0; i < sizeof(builtins) / sizeof(builtins[0]); i++)
		if (strcmp(builtins[i].name, name) == 0)
			return &builtins[i];
	return NULL;
}

/* --- running --- */

static int run_program(char **words)
{
	static const char *const folders[] = { "/bin/", "/sbin/" };
	char path[256];
	bool has_folder = find(words[0], "/");
	int error = -ENOENT;
	for (size_t i = 0; i < (has_folder ? 1 : 2); i++) {
		const char *folder = has_folder ? "" : folders[i];
		size_t length = strlen(folder), name_length = strlen(words[0]);
		if (length + name_length >= sizeof(path))
			return 127;
		memcpy(path, folder, length);
		memcpy(path + length, words[0], name_length + 1);
		error = syscall3(SYS_execve, path, words, environment);
		if (error != -ENOENT)
			break;
	}
	if (error == -ENOENT)
		print("sh: %s: not found\n", words[0]);
	else
		complain(words[0], error);
	return error == -ENOENT ? 127 : 126;
}

static void redirect(const char *path, int flags, int fd)
{
	if (!path)
		return;
	int opened = open(path, flags, 0666);
	if (opened < 0) {
		complain(path, opened);
		exit(1);
	}
	syscall3(SYS_dup2, opened, fd, 0);
	close(opened);
}

static void set_foreground(int group)
{
	if (interactive)
		syscall3(SYS_ioctl, 0, TIOCSPGRP, &group);
}

static void set_signals(signal_handler handler)
{
	on_signal(SIGINT, handler, 0);
	on_signal(SIGQUIT, handler, 0);
	on_signal(SIGTSTP, handler, 0);
	on_signal(SIGTTOU, handler, 0);
	on_signal(SIGTTIN, handler, 0);
}

/* In the child: becomes the command. input and output are pipe ends or -1. */
static void become(struct command *command, int group, int input, int output)
{
	syscall3(SYS_setpgid, 0, group, 0);
	if (!group)
		set_foreground(syscall3(SYS_getpid, 0, 0, 0));
	set_signals(SIG_DFL);
	if (input >= 0) {
		syscall3(SYS_dup2, input, 0, 0);
		close(input);
	}
	if (output >= 0) {
		syscall3(SYS_dup2, output, 1, 0);
		close(output);
	}
	redirect(command->input, O_RDONLY, 0);
	redirect(command->output, O_WRONLY | O_CREAT | (command->append ? O_APPEND : O_TRUNC), 1);
	if (!command->words[0])
		exit(0);
	const struct builtin *builtin = find_builtin(command->words[0]);
	exit(builtin ? builtin->run(command->words) : run_program(command->words));
}

static void wait_for_pipeline(int group, int last)
{
	int status, ended;
	while ((ended = waitpid(-group, &status, 0)) > 0 || ended == -EINTR) {
		if (ended != last)
			continue;
		last_status = EXITED(status) ? EXIT_STATUS(status) : 128 + END_SIGNAL(status);
		if (!EXITED(status))
			print("ended by signal %d\n", END_SIGNAL(status));
	}
	set_foreground(syscall3(SYS_getpid, 0, 0, 0));
}

static void close_end(int fd)
{
	if (fd >= 0)
		close(fd);
}

/*
 * Starts one command of a pipeline, in the group, or in a new one when that is 0. Closes the
 * input it was given; ends[] is the pipe behind the command, of which the input end is left.
 * Returns the child, or -errno.
 */
static int start(struct command *command, int group, int input, const int ends[2])
{
	int child = fork();
	if (child == 0) {
		close_end(ends[0]);
		become(command, group, input, ends[1]);
	}
	if (child > 0)
		syscall3(SYS_setpgid, child, group, 0);
	else
		complain("fork", child);
	close_end(input);
	close_end(ends[1]);
	return child;
}

/* True if the command was one that the shell itself must carry out, and it did. */
static bool ran_in_shell(struct command *command)
{
	const struct builtin *builtin = command->words[0] ? find_builtin(command->words[0]) : NULL;
	if (!builtin || !builtin->in_shell)
		return false;
	last_status = builtin->run(command->words);
	return true;
}

/* Runs the next pipeline of the line. Returns false when that was the last. */
static bool run_pipeline(struct parser *parser)
{
	int group = 0, last = 0, input = -1;
	char ended_by;
	do {
		struct command command;
		int ends[2] = { -1, -1 };
		if (!parse_command(parser, &command, &ended_by)) {
			print("sh: this line makes no sense\n");
			return false;
		}
		if (!group && ended_by != '|' && ran_in_shell(&command))
			return ended_by;
		if (!command.words[0] && !command.output)
			break;
		if (ended_by == '|' && syscall3(SYS_pipe, ends, 0, 0) != 0)
			break;
		last = start(&command, group, input, ends);
		if (last > 0 && !group)
			group = last;
		input = ends[0];
	} while (ended_by == '|');
	close_end(ended_by == '|' ? input : -1);
	if (group) {
		set_foreground(group);
		wait_for_pipeline(group, last);
	}
	return ended_by;
}

static void run_line(const char *line)
{
	static struct parser parser;
	parser.at = line;
	parser.free = parser.space;
	while (run_pipeline(&parser))
		;
}

int main(int argc, char **argv, char **envp)
{
	static char line[LINE];
	int fd = 0;
	environment = envp;
	if (argc > 2 && strcmp(argv[1], "-c") == 0) {
		if (strlen(argv[2]) >= LINE) {
			print("sh: -c: too long\n");
			return 2;
		}
		run_line(argv[2]);
		return last_status;
	}
	if (argc > 1 && (fd = open(argv[1], O_RDONLY, 0)) < 0) {
		complain(argv[1], fd);
		return 127;
	}
	int foreground;
	interactive = fd == 0 && syscall3(SYS_ioctl, 0, TIOCGPGRP, &foreground) == 0;
	if (interactive) {
		set_signals(SIG_IGN);
		int self = syscall3(SYS_getpid, 0, 0, 0);
		syscall3(SYS_setpgid, 0, 0, 0);
		set_foreground(self);
	}
	for (;;) {
		if (interactive)
			print("loft# ");
		if (!read_line(fd, line))
			return last_status;
		run_line(line);
	}
}

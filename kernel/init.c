/*
 * Process 1: made by hand, since there is nothing to fork. It starts as a kernel task, opens
 * the console for itself, and becomes the first program that will run: rdinit= or init= if
 * given, else /init, else one of those that Linux tries. With root= an initramfs that has what
 * rdinit= says, or /init, goes before init=, which is then for that program to look at.
 */
#include <task.h>

#include <abi/fcntl.h>
#include <assert.h>
#include <cmdline.h>
#include <err.h>
#include <exec.h>
#include <fail.h>
#include <fs.h>
#include <log.h>
#include <mount.h>
#include <panic.h>
#include <string.h>

static const char *const candidates[] = { "/init", "/sbin/init", "/etc/init", "/bin/init",
					  "/bin/sh" };

#define ARGUMENTS_MAX (CMDLINE_WORDS_MAX + 4)

static const char *arguments[ARGUMENTS_MAX];
static const char *environment[ARGUMENTS_MAX];

/* Appends what the command line has for init behind the first `at` entries. */
static void append(const char **list, unsigned at, const char *const *words)
{
	while (*words && at < ARGUMENTS_MAX - 1)
		list[at++] = *words++;
	list[at] = NULL;
}

/* Descriptors 0, 1 and 2, if there is a console. */
static void open_console(struct process *process)
{
	struct file *file = file_open("/dev/console", O_RDWR, 0);

	if (IS_ERR(file)) {
		log_warning("init: no /dev/console (error %d)", -PTR_ERR(file));
		return;
	}
	for (int fd = 0; fd < 3; fd++) {
		file_get(file);
		if (files_install(process->files, file, fd, false) < 0)
			file_put(file);
	}
	file_put(file);
}

static int try_to_run(const char *path)
{
	int error;

	arguments[0] = path;
	error = exec_kernel(path, arguments, environment);
	if (error && error != -ENOENT)
		log_error("init: %s cannot be run (error %d)", path, -error);
	return error;
}

static void become_init(void)
{
	const char *wanted = cmdline_get("rdinit");
	int error;

	if (root_is_on_disk())
		wanted = cmdline_get("init");
	else if (!wanted && !cmdline_get("root"))
		wanted = cmdline_get("init");
	append(arguments, 1, cmdline_init_arguments());
	append(environment, 0, cmdline_init_environment());
	if (wanted) {
		error = try_to_run(wanted);
		if (error)
			panic("init=%s cannot be run (error %d)", wanted, -error);
		return;
	}
	for (unsigned i = 0; i < ARRAY_SIZE(candidates); i++)
		if (try_to_run(candidates[i]) == 0)
			return;
	panic("there is no /init that could be run: is there an initramfs (module 1), or root=?");
}

static void start_init(void)
{
	sched_finish_switch();
	__asm__ volatile("sti");
	open_console(current->process);
	become_init();
	log_info("init: process 1 is %s", current->process->name);
	trap_return(current->frame);
}

void process_start_init(void)
{
	struct process *process = process_alloc();
	struct task *task = task_create(start_init);
	struct pid *id = pid_allocate();

	if (!process || !task || IS_ERR(id))
		panic("no memory for process 1");
	assert(id->number == 1);
	process->files = files_create();
	process->fs = fs_context_create();
	process->actions = signal_actions_create();
	if (!process->files || !process->fs || !process->actions)
		panic("no memory for process 1");
	credentials_init(&process->cred);
	rlimits_init(process->rlimits);
	signal_alarm_init(process);
	process->exit_signal = SIGCHLD;
	process->unkillable = true;
	process->dumpable = true;
	process_set_name(process, "init");
	process_attach(process, id, NULL);
	task_attach(task, process, id);
	task->signalled = true;
	fail_init();
	sched_resume(task);
}

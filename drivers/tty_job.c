/*
 * Terminals: sessions, job control and hanging up (POSIX chapter 11; Linux's drivers/tty for
 * what it leaves open).
 *
 * A terminal is the controlling one of at most one session; of that session's process groups
 * one is in the foreground. tty->session and every process->tty agree: a process whose tty
 * points here is in that session.
 */
#include "tty_internal.h"

#include <assert.h>
#include <err.h>
#include <task.h>

static bool is_session_leader(const struct process *process)
{
	return process->sid == process->pid;
}

int tty_check_change(struct tty *tty, int signal)
{
	pid_t group = current->process->pgid;

	if (current->process->tty != tty || tty->group <= 0 || tty->group == group)
		return 0;
	if (signal_is_ignored(signal))
		return signal == SIGTTIN ? -EIO : 0;
	if (process_group_orphaned(group, NULL))
		return -EIO;
	(void)signal_send_group(group, signal, NULL);
	return -ERESTARTSYS;
}

/* ---- controlling terminal ---- */

/* Takes the terminal away from every process of a session. */
static void clear_session(struct tty *tty)
{
	struct pid *session = tty->session > 0 ? pid_find(tty->session) : NULL;
	struct process *process;

	if (session) {
		list_for_each(process, &session->session, session_link) {
			if (process->tty == tty)
				process->tty = NULL;
		}
	}
	tty->session = 0;
	tty->group = 0;
}

static void become_controlling(struct tty *tty)
{
	assert(is_session_leader(current->process) && !current->process->tty);
	tty->session = current->process->sid;
	tty->group = current->process->pgid;
	current->process->tty = tty;
}

void tty_acquire_on_open(struct tty *tty)
{
	if (is_session_leader(current->process) && !current->process->tty && tty->session == 0)
		become_controlling(tty);
}

int tty_acquire(struct tty *tty, bool steal, bool readable)
{
	struct process *process = current->process;

	if (is_session_leader(process) && process->sid == tty->session)
		return 0;
	if (!is_session_leader(process) || process->tty)
		return -EPERM;
	if (tty->session != 0 && !(steal && current_is_root()))
		return -EPERM;
	if (!readable && !current_is_root())
		return -EPERM;
	clear_session(tty);
	become_controlling(tty);
	return 0;
}

int tty_give_up(struct tty *tty)
{
	struct process *process = current->process;

	if (process->tty != tty)
		return -ENOTTY;
	if (!is_session_leader(process)) {
		process->tty = NULL;
		return 0;
	}
	if (tty->group > 0) {
		(void)signal_send_group(tty->group, SIGHUP, NULL);
		(void)signal_send_group(tty->group, SIGCONT, NULL);
	}
	clear_session(tty);
	return 0;
}

/* The session of a group, or of the process of that number when no group has it: -1 when
 * neither is there. */
static pid_t session_of_group(struct pid *pid)
{
	if (!list_empty(&pid->group))
		return list_first(&pid->group, struct process, group_link)->sid;
	return pid->process ? pid->process->sid : -1;
}

int tty_set_group(struct tty *tty, pid_t group)
{
	struct process *process = current->process;
	struct pid *pid;

	if (group < 0)
		return -EINVAL;
	if (process->tty != tty || tty->session != process->sid)
		return -ENOTTY;
	pid = pid_find(group);
	if (!pid)
		return -ESRCH;
	if (session_of_group(pid) != process->sid)
		return -EPERM;
	tty->group = group;
	return 0;
}

pid_t tty_foreground(const struct tty *tty)
{
	return tty && tty->group > 0 ? tty->group : -1;
}

void tty_forget_session(struct tty *tty)
{
	assert(tty->opens == 0);
	clear_session(tty);
}

/* ---- hanging up ---- */

/* Kills what is open on the terminal and takes it from its session. */
static void hang_up(struct tty *tty, bool session_ends)
{
	struct process *leader = tty->session > 0 ? process_find(tty->session) : NULL;

	if (leader && !leader->zombie) {
		signal_send_process(leader, SIGHUP, NULL);
		signal_send_process(leader, SIGCONT, NULL);
	}
	if (session_ends && tty->group > 0)
		(void)signal_send_group(tty->group, SIGHUP, NULL);
	tty->generation++;
	clear_session(tty);
	tty_flush_input(tty);
	tty_set_stopped(tty, false);
	wake_all(&tty->readers);
	wake_all(&tty->writers);
}

void tty_hangup(struct tty *tty)
{
	hang_up(tty, false);
}

void tty_process_exit(struct process *leader)
{
	struct tty *tty = leader->tty;

	if (tty && is_session_leader(leader))
		hang_up(tty, true);
	assert(!leader->tty || !is_session_leader(leader));
	leader->tty = NULL;
}

int32_t sys_vhangup(void)
{
	if (!current_is_root())
		return -EPERM;
	if (current->process->tty)
		tty_hangup(current->process->tty);
	return 0;
}

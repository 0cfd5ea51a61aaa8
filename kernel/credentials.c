/*
 * Who a process acts for: user and group numbers, supplementary groups, capabilities.
 *
 * User 0 has all capabilities; who gives up being user 0 loses them (the effective ones with
 * the effective user, the permitted ones when no user is 0 any more, unless PR_SET_KEEPCAPS).
 * The 16-bit calls translate: -1 stays -1, and a number that does not fit is told as 65534.
 */
#include <task.h>

#include <abi/capability.h>
#include <abi/stat.h>
#include <assert.h>
#include <err.h>
#include <string.h>
#include <uaccess.h>

#define ID_NONE UINT32_MAX

static struct credentials *mine(void)
{
	return &current->process->cred;
}

bool credentials_has(const struct credentials *cred, unsigned capability)
{
	return cred->effective & (1ull << capability);
}

void credentials_init(struct credentials *cred)
{
	memset(cred, 0, sizeof(*cred));
	cred->permitted = cred->effective = CAPABILITIES_ALL;
}

bool credentials_in_group(const struct credentials *cred, gid_t gid)
{
	if (cred->fsgid == gid)
		return true;
	for (unsigned i = 0; i < cred->ngroups; i++)
		if (cred->groups[i] == gid)
			return true;
	return false;
}

bool credentials_exec(struct credentials *cred, uid_t owner, gid_t group, mode_t mode,
		      bool may_raise)
{
	if (may_raise && (mode & S_ISUID))
		cred->euid = owner;
	if (may_raise && (mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP))
		cred->egid = group;
	cred->suid = cred->fsuid = cred->euid;
	cred->sgid = cred->fsgid = cred->egid;
	cred->permitted = cred->uid == 0 || cred->euid == 0 ? CAPABILITIES_ALL : 0;
	cred->effective = cred->euid == 0 ? CAPABILITIES_ALL : 0;
	return cred->uid != cred->euid || cred->gid != cred->egid;
}

/* After any of the three users changed. */
static void adjust_capabilities(struct credentials *cred, const struct credentials *before)
{
	bool had_root = before->uid == 0 || before->euid == 0 || before->suid == 0;
	bool has_root = cred->uid == 0 || cred->euid == 0 || cred->suid == 0;

	if (had_root && !has_root && !current->process->keep_capabilities)
		cred->permitted = cred->effective = 0;
	if (before->euid == 0 && cred->euid != 0)
		cred->effective = 0;
	if (before->euid != 0 && cred->euid == 0)
		cred->effective = cred->permitted;
}

/* The caller has brought fsuid or fsgid, whichever its call is about, up to the effective one. */
static void commit(const struct credentials *changed)
{
	struct credentials before = *mine();

	*mine() = *changed;
	adjust_capabilities(mine(), &before);
	if (before.euid != changed->euid || before.egid != changed->egid) {
		current->process->dumpable = false;
		current->process->parent_death_signal = 0;
	}
}

/* ---- users ---- */

int32_t sys_setuid(uid_t uid)
{
	struct credentials new = *mine();

	if (uid == ID_NONE)
		return -EINVAL;
	if (credentials_has(&new, CAP_SETUID))
		new.uid = new.suid = uid;
	else if (uid != new.uid && uid != new.suid)
		return -EPERM;
	new.euid = uid;
	new.fsuid = new.euid;
	commit(&new);
	return 0;
}

int32_t sys_setreuid(uid_t uid, uid_t euid)
{
	const struct credentials *old = mine();
	struct credentials new = *old;
	bool may = credentials_has(old, CAP_SETUID);

	if (uid != ID_NONE) {
		if (uid != old->uid && uid != old->euid && !may)
			return -EPERM;
		new.uid = uid;
	}
	if (euid != ID_NONE) {
		if (euid != old->uid && euid != old->euid && euid != old->suid && !may)
			return -EPERM;
		new.euid = euid;
	}
	if (uid != ID_NONE || (euid != ID_NONE && euid != old->uid))
		new.suid = new.euid;
	new.fsuid = new.euid;
	commit(&new);
	return 0;
}

static bool is_my_uid(uid_t uid)
{
	const struct credentials *cred = mine();

	return uid == ID_NONE || uid == cred->uid || uid == cred->euid || uid == cred->suid;
}

int32_t sys_setresuid(uid_t uid, uid_t euid, uid_t suid)
{
	struct credentials new = *mine();

	if (!(is_my_uid(uid) && is_my_uid(euid) && is_my_uid(suid)) &&
	    !credentials_has(&new, CAP_SETUID))
		return -EPERM;
	if (uid != ID_NONE)
		new.uid = uid;
	if (euid != ID_NONE)
		new.euid = euid;
	if (suid != ID_NONE)
		new.suid = suid;
	new.fsuid = new.euid;
	commit(&new);
	return 0;
}

int32_t sys_getresuid(uint32_t __user *uid, uint32_t __user *euid, uint32_t __user *suid)
{
	if (put_user(uid, mine()->uid) || put_user(euid, mine()->euid) ||
	    put_user(suid, mine()->suid))
		return -EFAULT;
	return 0;
}

/* The old value in any case; whether it changed shows in the next call. */
int32_t sys_setfsuid(uid_t uid)
{
	struct credentials *cred = mine();
	uid_t old = cred->fsuid;

	if (uid != ID_NONE && (is_my_uid(uid) || uid == old || credentials_has(cred, CAP_SETUID)))
		cred->fsuid = uid;
	return (int32_t)old;
}

int32_t sys_getuid(void)
{
	return (int32_t)mine()->uid;
}

int32_t sys_geteuid(void)
{
	return (int32_t)mine()->euid;
}

/* ---- groups ---- */

int32_t sys_setgid(gid_t gid)
{
	struct credentials new = *mine();

	if (gid == ID_NONE)
		return -EINVAL;
	if (credentials_has(&new, CAP_SETGID))
		new.gid = new.sgid = gid;
	else if (gid != new.gid && gid != new.sgid)
		return -EPERM;
	new.egid = gid;
	new.fsgid = new.egid;
	commit(&new);
	return 0;
}

int32_t sys_setregid(gid_t gid, gid_t egid)
{
	const struct credentials *old = mine();
	struct credentials new = *old;
	bool may = credentials_has(old, CAP_SETGID);

	if (gid != ID_NONE) {
		if (gid != old->gid && gid != old->egid && !may)
			return -EPERM;
		new.gid = gid;
	}
	if (egid != ID_NONE) {
		if (egid != old->gid && egid != old->egid && egid != old->sgid && !may)
			return -EPERM;
		new.egid = egid;
	}
	if (gid != ID_NONE || (egid != ID_NONE && egid != old->gid))
		new.sgid = new.egid;
	new.fsgid = new.egid;
	commit(&new);
	return 0;
}

static bool is_my_gid(gid_t gid)
{
	const struct credentials *cred = mine();

	return gid == ID_NONE || gid == cred->gid || gid == cred->egid || gid == cred->sgid;
}

int32_t sys_setresgid(gid_t gid, gid_t egid, gid_t sgid)
{
	struct credentials new = *mine();

	if (!(is_my_gid(gid) && is_my_gid(egid) && is_my_gid(sgid)) &&
	    !credentials_has(&new, CAP_SETGID))
		return -EPERM;
	if (gid != ID_NONE)
		new.gid = gid;
	if (egid != ID_NONE)
		new.egid = egid;
	if (sgid != ID_NONE)
		new.sgid = sgid;
	new.fsgid = new.egid;
	commit(&new);
	return 0;
}

int32_t sys_getresgid(uint32_t __user *gid, uint32_t __user *egid, uint32_t __user *sgid)
{
	if (put_user(gid, mine()->gid) || put_user(egid, mine()->egid) ||
	    put_user(sgid, mine()->sgid))
		return -EFAULT;
	return 0;
}

int32_t sys_setfsgid(gid_t gid)
{
	struct credentials *cred = mine();
	gid_t old = cred->fsgid;

	if (gid != ID_NONE && (is_my_gid(gid) || gid == old || credentials_has(cred, CAP_SETGID)))
		cred->fsgid = gid;
	return (int32_t)old;
}

int32_t sys_getgid(void)
{
	return (int32_t)mine()->gid;
}

int32_t sys_getegid(void)
{
	return (int32_t)mine()->egid;
}

int32_t sys_getgroups(int count, uint32_t __user *list)
{
	const struct credentials *cred = mine();
	int ngroups = (int)cred->ngroups;

	if (count < 0)
		return -EINVAL;
	if (count == 0)
		return ngroups;
	if (ngroups > count)
		return -EINVAL;
	if (copy_to_user(list, cred->groups, cred->ngroups * sizeof(cred->groups[0])))
		return -EFAULT;
	return ngroups;
}

/* Kept in order, as Linux does and shows it. */
static void sort_groups(gid_t *groups, unsigned count)
{
	for (unsigned i = 1; i < count; i++) {
		gid_t group = groups[i];
		unsigned at = i;

		for (; at > 0 && groups[at - 1] > group; at--)
			groups[at] = groups[at - 1];
		groups[at] = group;
	}
}

int credentials_set_groups(struct credentials *cred, const gid_t *groups, unsigned count)
{
	assert(count <= NGROUPS_MAX);
	for (unsigned i = 0; i < count; i++)
		if (groups[i] == ID_NONE)
			return -EINVAL;
	memcpy(cred->groups, groups, count * sizeof(groups[0]));
	sort_groups(cred->groups, count);
	cred->ngroups = count;
	return 0;
}

int32_t sys_setgroups(int count, const uint32_t __user *list)
{
	struct credentials *cred = mine();
	gid_t groups[NGROUPS_MAX];

	if (!credentials_has(cred, CAP_SETGID))
		return -EPERM;
	if (count < 0 || count > NGROUPS_MAX)
		return -EINVAL;
	if (copy_from_user(groups, list, (unsigned)count * sizeof(groups[0])))
		return -EFAULT;
	return credentials_set_groups(cred, groups, (unsigned)count);
}

/* ---- capabilities ---- */

/*
 * Elements of the version that header names; a wrong one is answered with the one to use:
 * -EINVAL.
 */
static int capability_version(struct capability_header __user *header, unsigned *nelements)
{
	uint32_t version;

	if (get_user(&version, &header->version))
		return -EFAULT;
	*nelements = version == CAPABILITY_VERSION_1 ? 1 : 2;
	if (version == CAPABILITY_VERSION_1 || version == CAPABILITY_VERSION_2 ||
	    version == CAPABILITY_VERSION_3)
		return 0;
	return put_user(&header->version, CAPABILITY_VERSION_3) ? -EFAULT : -EINVAL;
}

int32_t sys_capget(void __user *header, void __user *data)
{
	struct capability_header __user *user = header;
	struct capability_data told[2];
	struct process *process;
	uint32_t pid;
	unsigned nelements;
	int error = capability_version(user, &nelements);

	/* Asking for the version with no place for an answer is no error. */
	if (error)
		return error == -EINVAL && !data ? 0 : error;
	if (!data)
		return 0;
	if (get_user(&pid, (const uint32_t __user *)&user->pid))
		return -EFAULT;
	if ((int32_t)pid < 0)
		return -EINVAL;
	process = pid ? process_find((pid_t)pid) : current->process;
	if (!process)
		return -ESRCH;
	for (unsigned i = 0; i < 2; i++) {
		told[i].effective = (uint32_t)(process->cred.effective >> (32 * i));
		told[i].permitted = (uint32_t)(process->cred.permitted >> (32 * i));
		told[i].inheritable = (uint32_t)(process->cred.inheritable >> (32 * i));
	}
	return copy_to_user(data, told, nelements * sizeof(told[0]));
}

int32_t sys_capset(void __user *header, const void __user *data)
{
	struct capability_header __user *user = header;
	struct capability_data given[2] = { { 0 } };
	struct credentials *cred = mine();
	uint64_t effective, permitted, inheritable;
	uint32_t pid;
	unsigned nelements;
	int error = capability_version(user, &nelements);

	if (error)
		return error;
	if (get_user(&pid, (const uint32_t __user *)&user->pid))
		return -EFAULT;
	if (pid != 0 && (pid_t)pid != current->tid)
		return -EPERM;
	if (copy_from_user(given, data, nelements * sizeof(given[0])))
		return -EFAULT;
	effective = ((uint64_t)given[1].effective << 32 | given[0].effective) & CAPABILITIES_ALL;
	permitted = ((uint64_t)given[1].permitted << 32 | given[0].permitted) & CAPABILITIES_ALL;
	inheritable = ((uint64_t)given[1].inheritable << 32 | given[0].inheritable) &
		      CAPABILITIES_ALL;
	if (!credentials_has(cred, CAP_SETPCAP) &&
	    (inheritable & ~(cred->inheritable | cred->permitted)))
		return -EPERM;
	if ((permitted & ~cred->permitted) || (effective & ~permitted))
		return -EPERM;
	cred->effective = effective;
	cred->permitted = permitted;
	cred->inheritable = inheritable;
	return 0;
}

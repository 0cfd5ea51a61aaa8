/*
 * The calls from when users and groups had 16 bits: -1 stays "leave it", larger numbers are
 * told as 65534.
 */
#include <task.h>

#include <abi/capability.h>
#include <err.h>
#include <uaccess.h>

#define ID_OVERFLOW 65534u

static uint16_t narrow(uint32_t id)
{
	return (uint16_t)(id > UINT16_MAX ? ID_OVERFLOW : id);
}

static uint32_t widen(uint16_t id)
{
	return id == UINT16_MAX ? UINT32_MAX : id;
}

static int put_narrow(uint16_t __user *to, uint32_t id)
{
	uint16_t value = narrow(id);

	return copy_to_user(to, &value, sizeof(value));
}

int32_t sys_getuid16(void)
{
	return narrow(current->process->cred.uid);
}

int32_t sys_geteuid16(void)
{
	return narrow(current->process->cred.euid);
}

int32_t sys_getgid16(void)
{
	return narrow(current->process->cred.gid);
}

int32_t sys_getegid16(void)
{
	return narrow(current->process->cred.egid);
}

int32_t sys_setuid16(uint16_t uid)
{
	return sys_setuid(widen(uid));
}

int32_t sys_setgid16(uint16_t gid)
{
	return sys_setgid(widen(gid));
}

int32_t sys_setreuid16(uint16_t uid, uint16_t euid)
{
	return sys_setreuid(widen(uid), widen(euid));
}

int32_t sys_setregid16(uint16_t gid, uint16_t egid)
{
	return sys_setregid(widen(gid), widen(egid));
}

int32_t sys_setresuid16(uint16_t uid, uint16_t euid, uint16_t suid)
{
	return sys_setresuid(widen(uid), widen(euid), widen(suid));
}

int32_t sys_setresgid16(uint16_t gid, uint16_t egid, uint16_t sgid)
{
	return sys_setresgid(widen(gid), widen(egid), widen(sgid));
}

int32_t sys_getresuid16(uint16_t __user *uid, uint16_t __user *euid, uint16_t __user *suid)
{
	const struct credentials *cred = &current->process->cred;

	if (put_narrow(uid, cred->uid) || put_narrow(euid, cred->euid) ||
	    put_narrow(suid, cred->suid))
		return -EFAULT;
	return 0;
}

int32_t sys_getresgid16(uint16_t __user *gid, uint16_t __user *egid, uint16_t __user *sgid)
{
	const struct credentials *cred = &current->process->cred;

	if (put_narrow(gid, cred->gid) || put_narrow(egid, cred->egid) ||
	    put_narrow(sgid, cred->sgid))
		return -EFAULT;
	return 0;
}

int32_t sys_setfsuid16(uint16_t uid)
{
	return narrow((uint32_t)sys_setfsuid(widen(uid)));
}

int32_t sys_setfsgid16(uint16_t gid)
{
	return narrow((uint32_t)sys_setfsgid(widen(gid)));
}

int32_t sys_getgroups16(int count, uint16_t __user *list)
{
	const struct credentials *cred = &current->process->cred;
	int ngroups = (int)cred->ngroups;

	if (count < 0)
		return -EINVAL;
	if (count == 0)
		return ngroups;
	if (ngroups > count)
		return -EINVAL;
	for (int i = 0; i < ngroups; i++)
		if (put_narrow(&list[i], cred->groups[i]))
			return -EFAULT;
	return ngroups;
}

int32_t sys_setgroups16(int count, const uint16_t __user *list)
{
	struct credentials *cred = &current->process->cred;
	uint16_t narrow_groups[NGROUPS_MAX];
	gid_t groups[NGROUPS_MAX];

	if (!credentials_has(cred, CAP_SETGID))
		return -EPERM;
	if (count < 0 || count > NGROUPS_MAX)
		return -EINVAL;
	if (copy_from_user(narrow_groups, list, (unsigned)count * sizeof(narrow_groups[0])))
		return -EFAULT;
	for (int i = 0; i < count; i++)
		groups[i] = widen(narrow_groups[i]);
	return credentials_set_groups(cred, groups, (unsigned)count);
}

/*
 * Capabilities and capget(2)'s structures of the Linux ABI (linux/capability.h).
 */
#ifndef LOFT_ABI_CAPABILITY_H
#define LOFT_ABI_CAPABILITY_H

#include <types.h>

#define CAP_KILL 5
#define CAP_SETGID 6
#define CAP_SETUID 7
#define CAP_SETPCAP 8
#define CAP_IPC_LOCK 14
#define CAP_IPC_OWNER 15
#define CAP_SYS_PTRACE 19
#define CAP_SYS_ADMIN 21
#define CAP_NET_ADMIN 12
#define CAP_SYS_NICE 23
#define CAP_SYS_RESOURCE 24
#define CAP_LAST 40
#define CAPABILITIES_ALL ((1ull << (CAP_LAST + 1)) - 1)

#define CAPABILITY_VERSION_1 0x19980330u /* 32 capabilities, one element */
#define CAPABILITY_VERSION_2 0x20071026u /* 64, two elements */
#define CAPABILITY_VERSION_3 0x20080522u /* the same */

struct capability_header {
	uint32_t version;
	int32_t pid;
};

struct capability_data {
	uint32_t effective, permitted, inheritable;
};

#endif

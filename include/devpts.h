/*
 * devpts: the file system on /dev/pts, a node for each pseudo-terminal.
 */
#ifndef LOFT_DEVPTS_H
#define LOFT_DEVPTS_H

#include <types.h>

struct dentry;

#define PTMX_DEVICE DEV(5, 2)
#define PTY_SLAVE_MAJOR 136
#define PTYS_MAX 256u /* one major's minors: what DEV holds */

/* Is one mounted anywhere? Without it no pseudo-terminal can be opened, as on Linux. */
bool devpts_mounted(void);
/*
 * Shows the slave of a number in every devpts, as current's: -ENOMEM, and then nowhere.
 */
__must_check int devpts_add(unsigned number);
void devpts_remove(unsigned number);
/* Its node, a reference, or ERR_PTR(-EIO). */
__must_check struct dentry *devpts_find(unsigned number);

#endif

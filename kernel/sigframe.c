/*
 * Signal frames: a handler's stack, and the way back from it.
 *
 * From high to low: the FPU state; then struct sigframe, or struct rt_sigframe when the handler
 * wants a siginfo. The handler returns to the action's restorer or, without one, to the vDSO;
 * both call sigreturn, which finds the frame just below where esp then is and takes every register
 * from it. The same few instructions also end the frame, where nobody runs them: debuggers know a
 * frame by them. What it takes a program may have changed: flags
 * are masked to those that a program may set, and selectors that could not be loaded at PL3 end
 * in 0 (data) or SIGSEGV (code, stack).
 */
#include <task.h>

#include <abi/sigframe.h>
#include <assert.h>
#include <err.h>
#include <string.h>
#include <uaccess.h>
#include <vdso.h>

#define FPSTATE_ALIGN 16u
#define FSAVE_PART 112u /* what comes before the part to be aligned */

/* popl %eax; movl $119, %eax; int $0x80, and the same for 173 without the pop. */
static const uint8_t sigreturn_code[8] = { 0x58, 0xb8, 0x77, 0, 0, 0, 0xcd, 0x80 };
static const uint8_t rt_sigreturn_code[8] = { 0xb8, 0xad, 0, 0, 0, 0xcd, 0x80, 0 };

/* ---- the alternate stack ---- */

static bool in_altstack(uint32_t esp)
{
	const struct sigaltstack *stack = &current->altstack;

	return esp > stack->sp && esp - stack->sp <= stack->size;
}

/* One that disarms itself counts as left: what runs on it has none. */
static bool on_altstack(uint32_t esp)
{
	return !(current->altstack.flags & SS_AUTODISARM) && in_altstack(esp);
}

static int32_t altstack_flags(uint32_t esp)
{
	if (current->altstack.size == 0)
		return SS_DISABLE;
	return on_altstack(esp) ? SS_ONSTACK : 0;
}

/* As user space sees it. */
static void altstack_describe(struct sigaltstack *to, uint32_t esp)
{
	*to = current->altstack;
	to->flags = altstack_flags(esp) | (current->altstack.flags & SS_AUTODISARM);
}

static void altstack_disable(void)
{
	current->altstack = (struct sigaltstack){ .flags = SS_DISABLE };
}

static int altstack_set(const struct sigaltstack *stack, uint32_t esp)
{
	struct sigaltstack set = *stack;
	int32_t mode = stack->flags & ~SS_AUTODISARM;

	if (on_altstack(esp))
		return -EPERM;
	if (mode != SS_DISABLE && mode != SS_ONSTACK && mode != 0)
		return -EINVAL;
	if (mode == SS_DISABLE) {
		set.sp = 0;
		set.size = 0;
	} else if (set.size < MINSIGSTKSZ) {
		return -ENOMEM;
	}
	current->altstack = set;
	return 0;
}

/* ---- a place for the frame ---- */

size_t signal_frame_size_max(void)
{
	return ROUND_UP(sizeof(struct sigframe) + fpu_frame_size() + FPSTATE_ALIGN + 16, 16u);
}

struct frame_place {
	uint32_t frame;
	uint32_t fpstate; /* 0: none */
};

/*
 * Where a frame of size bytes goes. -EFAULT: not on the alternate stack any more, or below
 * address 0.
 */
static int find_place(const struct trap_frame *regs, const struct sigaction *action, size_t size,
		      struct frame_place *place)
{
	uint32_t esp = regs->esp;
	bool nested = on_altstack(esp);
	bool entering = false;

	if ((action->flags & SA_ONSTACK) && altstack_flags(esp) == 0) {
		esp = current->altstack.sp + current->altstack.size;
		entering = true;
	}
	place->fpstate = 0;
	if (fpu_frame_size()) {
		uint32_t fx = (esp - (fpu_frame_size() - FSAVE_PART)) & ~(FPSTATE_ALIGN - 1);

		place->fpstate = fx - FSAVE_PART;
		esp = place->fpstate;
	}
	/* At the handler's entry esp + 4 is a multiple of 16 (i386 psABI 2.2.2). */
	place->frame = ((esp - size + 4) & ~15u) - 4;
	if ((nested || entering) && !in_altstack(place->frame))
		return -EFAULT;
	return place->frame < regs->esp || entering ? 0 : -EFAULT;
}

/* ---- the way in ---- */

static void context_from_frame(struct sigcontext *to, const struct trap_frame *from,
			       uint32_t fpstate, sigset_t mask)
{
	*to = (struct sigcontext){
		.gs = from->gs & 0xffff,
		.fs = from->fs & 0xffff,
		.es = from->es & 0xffff,
		.ds = from->ds & 0xffff,
		.edi = from->edi,
		.esi = from->esi,
		.ebp = from->ebp,
		.esp = from->esp,
		.ebx = from->ebx,
		.edx = from->edx,
		.ecx = from->ecx,
		.eax = from->eax,
		.trap = current->fault_trap,
		.error = current->fault_error,
		.eip = from->eip,
		.cs = from->cs & 0xffff,
		.eflags = from->eflags,
		.esp_at_signal = from->esp,
		.ss = from->ss & 0xffff,
		.fpstate = fpstate,
		.old_mask = (uint32_t)mask,
		.cr2 = current->fault_address,
	};
}

/* Where the handler returns to. */
static uint32_t return_address(const struct sigaction *action, enum vdso_place place)
{
	if (action->flags & SA_RESTORER)
		return action->restorer;
	return vdso_address(current->process->mm, place);
}

static int push_old(struct trap_frame *regs, int signal, const struct sigaction *action,
		    sigset_t mask, const struct frame_place *place)
{
	struct sigframe __user *user = (struct sigframe __user *)place->frame;
	struct {
		uint32_t return_address;
		int32_t signal;
		struct sigcontext context;
	} head;
	struct {
		uint32_t extra_mask;
		uint8_t return_code[8];
	} tail;

	head.return_address = return_address(action, VDSO_SIGRETURN);
	head.signal = signal;
	context_from_frame(&head.context, regs, place->fpstate, mask);
	tail.extra_mask = (uint32_t)(mask >> 32);
	memcpy(tail.return_code, sigreturn_code, sizeof(tail.return_code));
	if (copy_to_user(user, &head, sizeof(head)) ||
	    copy_to_user(&user->extra_mask, &tail, sizeof(tail)))
		return -EFAULT;
	regs->edx = 0;
	regs->ecx = 0;
	return 0;
}

static int push_rt(struct trap_frame *regs, int signal, const struct siginfo *info,
		   const struct sigaction *action, sigset_t mask, const struct frame_place *place)
{
	struct rt_sigframe __user *user = (struct rt_sigframe __user *)place->frame;
	struct rt_sigframe frame = {
		.signal = signal,
		.info_pointer = (uint32_t)&user->info,
		.context_pointer = (uint32_t)&user->context,
		.info = *info,
		.context.mask = mask,
	};

	frame.return_address = return_address(action, VDSO_RT_SIGRETURN);
	altstack_describe(&frame.context.stack, regs->esp);
	context_from_frame(&frame.context.context, regs, place->fpstate, mask);
	memcpy(frame.return_code, rt_sigreturn_code, sizeof(frame.return_code));
	if (copy_to_user(user, &frame, sizeof(frame)))
		return -EFAULT;
	regs->edx = frame.info_pointer;
	regs->ecx = frame.context_pointer;
	return 0;
}

int signal_push_frame(struct trap_frame *regs, int signal, const struct siginfo *info,
		      const struct sigaction *action, sigset_t mask)
{
	bool rt = action->flags & SA_SIGINFO;
	struct frame_place place;
	int error;

	error = find_place(regs, action, rt ? sizeof(struct rt_sigframe) : sizeof(struct sigframe),
			   &place);
	if (error)
		return error;
	if (place.fpstate && fpu_store_frame((void __user *)place.fpstate))
		return -EFAULT;
	error = rt ? push_rt(regs, signal, info, action, mask, &place)
		   : push_old(regs, signal, action, mask, &place);
	if (error)
		return error;
	regs->esp = place.frame;
	regs->eip = action->handler;
	regs->eax = (uint32_t)signal;
	regs->cs = USER_CS;
	regs->ds = regs->es = regs->ss = USER_DS;
	regs->eflags &= ~(EFLAGS_DF | EFLAGS_RF | EFLAGS_TF);
	if (current->altstack.flags & SS_AUTODISARM)
		altstack_disable();
	fpu_reset(current);
	return 0;
}

/* ---- the way back ---- */

static uint32_t data_selector(uint32_t selector)
{
	selector &= 0xffff;
	if (selector > 3)
		selector |= 3;
	return tls_selector_ok(current, selector) ? selector : 0;
}

/* -EFAULT: a code or stack selector that PL3 cannot have, or an FPU state that cannot be read. */
static int context_to_frame(struct trap_frame *to, const struct sigcontext *from)
{
	if (((from->cs | 3) & 0xffff) != USER_CS || ((from->ss | 3) & 0xffff) != USER_DS)
		return -EFAULT;
	if (fpu_load_frame((const void __user *)from->fpstate))
		return -EFAULT;
	to->gs = data_selector(from->gs);
	to->fs = data_selector(from->fs);
	to->es = data_selector(from->es);
	to->ds = data_selector(from->ds);
	to->edi = from->edi;
	to->esi = from->esi;
	to->ebp = from->ebp;
	to->esp = from->esp;
	to->ebx = from->ebx;
	to->edx = from->edx;
	to->ecx = from->ecx;
	to->eax = from->eax;
	to->eip = from->eip;
	to->eflags = (to->eflags & ~EFLAGS_USER) | (from->eflags & EFLAGS_USER);
	to->error = UINT32_MAX; /* no system call to be started again */
	current->restart = NULL;
	return 0;
}

static int32_t bad_frame(void)
{
	struct trap_frame *regs = current->frame;

	regs->error = UINT32_MAX;
	signal_fault(SIGSEGV, SI_KERNEL, 0, current->fault_trap, current->fault_error);
	return (int32_t)regs->eax;
}

/* The frame's start is 8 below esp: the return address and the signal number have been popped. */
int32_t sys_sigreturn(void)
{
	struct trap_frame *regs = current->frame;
	struct sigframe __user *user = (struct sigframe __user *)(regs->esp - 8);
	struct sigcontext context;
	uint32_t extra_mask;

	if (copy_from_user(&context, &user->context, sizeof(context)) ||
	    get_user(&extra_mask, &user->extra_mask))
		return bad_frame();
	signal_set_blocked((sigset_t)extra_mask << 32 | context.old_mask);
	if (context_to_frame(regs, &context))
		return bad_frame();
	return (int32_t)regs->eax;
}

/* Here only the return address has been popped. */
int32_t sys_rt_sigreturn(void)
{
	struct trap_frame *regs = current->frame;
	struct rt_sigframe __user *user = (struct rt_sigframe __user *)(regs->esp - 4);
	struct ucontext context;

	if (copy_from_user(&context, &user->context, sizeof(context)))
		return bad_frame();
	signal_set_blocked(context.mask);
	if (context_to_frame(regs, &context.context))
		return bad_frame();
	(void)!altstack_set(&context.stack, regs->esp); /* refused while on it: as it is then */
	return (int32_t)regs->eax;
}

int32_t sys_sigaltstack(const struct sigaltstack __user *stack, struct sigaltstack __user *old)
{
	uint32_t esp = current->frame->esp;
	struct sigaltstack set, before;
	int error = 0;

	altstack_describe(&before, esp);
	if (stack) {
		if (copy_from_user(&set, stack, sizeof(set)))
			return -EFAULT;
		error = altstack_set(&set, esp);
	}
	if (!error && old && copy_to_user(old, &before, sizeof(before)))
		error = -EFAULT;
	return error;
}

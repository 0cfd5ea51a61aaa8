/*
 * x87 and SSE state, switched lazily.
 *
 * The registers belong to one task, `owner`. While another runs, CR0.TS is set, and its first
 * floating-point instruction takes #NM (Intel SDM 3A 2.5): then the owner's state is saved, the
 * task's loaded, and it is the owner. A task that never computes never pays. With fxsave the
 * whole of x87 and SSE is saved; older processors have fnsave, which leaves the FPU
 * initialised, so that nobody owns it afterwards. Without an FPU CR0.EM makes each such
 * instruction #NM, which ends in SIGILL.
 *
 * Signal handlers see the state in memory, in the layout that Linux gives it: fsave's 108
 * bytes, a copy of the status word and a magic number that says whether fxsave's 512 bytes
 * follow. What a handler writes there counts on sigreturn: the x87 part from fsave's layout,
 * SSE from the other.
 *
 * Guarded by interrupt-off sections where owner and registers must agree: no interrupt handler
 * computes, but a switch moves TS.
 */
#include <task.h>

#include <assert.h>
#include <cpu.h>
#include <string.h>
#include <uaccess.h>

#define CR0_MP (1u << 1)
#define CR0_EM (1u << 2)
#define CR0_TS (1u << 3)
#define CR0_NE (1u << 5)

#define FCW_INITIAL 0x37fu
#define MXCSR_INITIAL 0x1f80u
#define MXCSR_MASK_DEFAULT 0xffbfu /* when fxsave stores 0 (Intel SDM 1, 11.6.6) */

#define FRAME_MAGIC_FXSAVE 0x0000u
#define FRAME_MAGIC_FSAVE 0xffffu
#define SW_EXCEPTION_SUMMARY 0x80u

/* fnsave's 108 bytes (Intel SDM 1, figure 8-9), and Linux's trailer. */
struct fsave_frame {
	uint32_t control, status, tag;
	uint32_t instruction, instruction_selector, operand, operand_selector;
	uint8_t registers[8][10];
	uint16_t status_copy;
	uint16_t magic;
};

/* fxsave's 512 bytes (Intel SDM 1, table 10-2). */
struct fxsave_area {
	uint16_t control, status;
	uint8_t tag, unused_tag;
	uint16_t opcode;
	uint32_t instruction, instruction_selector, operand, operand_selector;
	uint32_t mxcsr, mxcsr_mask;
	uint8_t registers[8][16];
	uint8_t xmm[8][16];
	uint8_t rest[224];
};

_Static_assert(sizeof(struct fsave_frame) == 112, "Linux's struct _fpstate without fxsave");
_Static_assert(sizeof(struct fxsave_area) == FPU_STATE_SIZE, "the processor's");

static bool present;
static bool has_fxsave;
static bool ts_set;
static struct task *owner; /* whose state the registers hold; NULL: nobody's */
static uint32_t mxcsr_mask = MXCSR_MASK_DEFAULT;

/* ---- instructions ---- */

static void set_ts(bool on)
{
	if (ts_set == on)
		return;
	ts_set = on;
	if (on)
		cpu_write_cr0(cpu_read_cr0() | CR0_TS);
	else
		__asm__ volatile("clts");
}

static void *state_of(struct task *task)
{
	return task->fpu.registers;
}

static void save_registers(void *state)
{
	if (has_fxsave)
		__asm__ volatile("fxsave (%0)" : : "r"(state) : "memory");
	else
		__asm__ volatile("fnsave (%0); fwait" : : "r"(state) : "memory");
}

/*
 * An exception that a task left pending, which then ended or ran another program, would be ours
 * at the first instruction that waits; frstor is one. So it is cleared.
 */
static void load_registers(const void *state)
{
	__asm__ volatile("fnclex");
	if (has_fxsave)
		__asm__ volatile("fxrstor (%0)" : : "r"(state) : "memory");
	else
		__asm__ volatile("frstor (%0)" : : "r"(state) : "memory");
}

static void make_initial(void *state)
{
	memset(state, 0, FPU_STATE_SIZE);
	if (has_fxsave) {
		struct fxsave_area *area = state;

		area->control = FCW_INITIAL;
		area->mxcsr = MXCSR_INITIAL;
	} else {
		struct fsave_frame *frame = state;

		frame->control = 0xffff0000u | FCW_INITIAL;
		frame->status = 0xffff0000u;
		frame->tag = 0xffffffffu;
	}
}

/* ---- ownership; interrupts off ---- */

/* Puts the owner's state into memory; with fxsave it stays in the registers too. */
static void save_owner(void)
{
	if (!owner)
		return;
	assert(owner->fpu.used && !irq_enabled());
	set_ts(false);
	save_registers(state_of(owner));
	if (!has_fxsave)
		owner = NULL;
}

/* task's state is in memory alone from now on, and may be changed there. */
static void move_to_memory(struct task *task)
{
	uint32_t flags = irq_save();

	if (!task->fpu.used) {
		make_initial(state_of(task));
		task->fpu.used = true;
	}
	if (owner == task) {
		save_owner();
		owner = NULL;
	}
	set_ts(true);
	irq_restore(flags);
}

void fpu_switch(struct task *to)
{
	if (present)
		set_ts(owner != to);
}

void fpu_handle_unavailable(void)
{
	uint32_t flags;

	if (!present) {
		signal_fault(SIGILL, ILL_COPROC, current->frame->eip, 7, 0);
		return;
	}
	flags = irq_save();
	if (owner != current) {
		save_owner();
		set_ts(false);
		if (!current->fpu.used)
			make_initial(state_of(current));
		current->fpu.used = true;
		load_registers(state_of(current));
		owner = current;
	}
	set_ts(false);
	irq_restore(flags);
}

void fpu_copy(struct task *to, struct task *from)
{
	uint32_t flags;

	assert(from == current);
	to->fpu.used = from->fpu.used;
	if (!from->fpu.used)
		return;
	flags = irq_save();
	if (owner == from)
		save_owner();
	set_ts(owner != from);
	irq_restore(flags);
	memcpy(state_of(to), state_of(from), FPU_STATE_SIZE);
}

void fpu_reset(struct task *task)
{
	uint32_t flags = irq_save();

	task->fpu.used = false;
	if (owner == task) {
		owner = NULL;
		if (present)
			set_ts(true);
	}
	irq_restore(flags);
}

/* ---- signal frames ---- */

size_t fpu_frame_size(void)
{
	if (!present)
		return 0;
	return sizeof(struct fsave_frame) + (has_fxsave ? sizeof(struct fxsave_area) : 0);
}

/* Two bits of fsave's tag word for a register that is in use: 0 valid, 1 zero, 2 special. */
static unsigned tag_of_register(const uint8_t *value)
{
	unsigned exponent = (value[8] | value[9] << 8) & 0x7fff;
	uint32_t low, high;

	memcpy(&low, value, 4);
	memcpy(&high, value + 4, 4);
	if (exponent == 0x7fff)
		return 2;
	if (exponent == 0)
		return low == 0 && high == 0 ? 1 : 2;
	return high & 0x80000000u ? 0 : 2;
}

static void fsave_from_fxsave(struct fsave_frame *to, const struct fxsave_area *from)
{
	unsigned top = (from->status >> 11) & 7;
	uint32_t tag = 0;

	to->control = from->control | 0xffff0000u;
	to->status = from->status | 0xffff0000u;
	to->instruction = from->instruction;
	to->instruction_selector = (from->instruction_selector & 0xffff) | (uint32_t)from->opcode
										   << 16;
	to->operand = from->operand;
	to->operand_selector = from->operand_selector | 0xffff0000u;
	for (unsigned i = 0; i < 8; i++) { /* physical registers; stack position i - top */
		const uint8_t *value = from->registers[(i - top) & 7];

		tag |= (from->tag & (1u << i) ? tag_of_register(value) : 3u) << (2 * i);
	}
	to->tag = tag | 0xffff0000u;
	for (unsigned i = 0; i < 8; i++)
		memcpy(to->registers[i], from->registers[i], 10);
}

static void fxsave_from_fsave(struct fxsave_area *to, const struct fsave_frame *from)
{
	to->control = (uint16_t)from->control;
	to->status = (uint16_t)from->status;
	to->tag = 0;
	for (unsigned i = 0; i < 8; i++)
		if (((from->tag >> (2 * i)) & 3) != 3)
			to->tag |= (uint8_t)(1u << i);
	to->opcode = (uint16_t)(from->instruction_selector >> 16);
	to->instruction = from->instruction;
	to->instruction_selector = from->instruction_selector & 0xffff;
	to->operand = from->operand;
	to->operand_selector = from->operand_selector & 0xffff;
	for (unsigned i = 0; i < 8; i++)
		memcpy(to->registers[i], from->registers[i], 10);
}

int fpu_store_frame(void __user *frame)
{
	struct fsave_frame fsave;

	assert(present);
	move_to_memory(current);
	if (!has_fxsave) {
		memcpy(&fsave, state_of(current), 108);
		fsave.magic = FRAME_MAGIC_FSAVE;
	} else {
		fsave_from_fxsave(&fsave, state_of(current));
		fsave.magic = FRAME_MAGIC_FXSAVE;
		if (copy_to_user((char *)frame + sizeof(fsave), state_of(current), FPU_STATE_SIZE))
			return -EFAULT;
	}
	fsave.status_copy = (uint16_t)fsave.status;
	return copy_to_user(frame, &fsave, sizeof(fsave));
}

int fpu_load_frame(const void __user *frame)
{
	struct fsave_frame fsave;
	struct fxsave_area *area;

	fpu_reset(current);
	if (!frame || !present)
		return 0;
	if (copy_from_user(&fsave, frame, sizeof(fsave)))
		return -EFAULT;
	area = state_of(current);
	make_initial(area);
	if (!has_fxsave) {
		fsave.status &= ~SW_EXCEPTION_SUMMARY;
		memcpy(area, &fsave, 108);
	} else {
		if (fsave.magic == FRAME_MAGIC_FXSAVE &&
		    copy_from_user(area, (const char *)frame + sizeof(fsave), sizeof(*area)))
			return -EFAULT;
		fxsave_from_fsave(area, &fsave);
		area->mxcsr &= mxcsr_mask; /* other bits are reserved: fxrstor would fault */
	}
	current->fpu.used = true;
	return 0;
}

/* ---- set-up ---- */

/*
 * The 486SX has no FPU: then fninit does nothing, and the status word does not come (Intel
 * AP-485).
 */
static bool find_fpu(void)
{
	uint16_t status = 0x5a5a, control = 0x5a5a;

	__asm__ volatile("fninit; fnstsw %0; fnstcw %1" : "+m"(status), "+m"(control));
	return (status & 0xff) == 0 && (control & 0x103f) == 0x003f;
}

static void find_mxcsr_mask(void)
{
	static struct fxsave_area area __attribute__((aligned(16)));

	__asm__ volatile("fxsave %0" : "=m"(area));
	if (area.mxcsr_mask)
		mxcsr_mask = area.mxcsr_mask;
}

void fpu_init(void)
{
	uint32_t cr0 = cpu_read_cr0() & ~(CR0_EM | CR0_TS);

	cpu_write_cr0(cr0);
	present = find_fpu();
	if (!present) {
		cpu_write_cr0(cr0 | CR0_EM);
		return;
	}
	has_fxsave = cpu_has(CPU_FXSR);
	if (has_fxsave) {
		uint32_t cr4 = cpu_read_cr4() | CR4_OSFXSR;

		cpu_write_cr4(cpu_has(CPU_SSE) ? cr4 | CR4_OSXMMEXCPT : cr4);
		find_mxcsr_mask();
	}
	cpu_write_cr0(cr0 | CR0_MP | CR0_NE | CR0_TS);
	ts_set = true;
}

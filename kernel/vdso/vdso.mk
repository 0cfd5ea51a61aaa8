# The vDSO: a shared object for programs that the kernel carries (kernel/vdso_image.asm) and maps
# into each of them. Included by the Makefile. It is the same for every KERNEL_VMA, but each has
# its own, beside the kernel that it belongs to.

VDSO := $(BUILD)/kernel/vdso
VDSO_OBJECTS := $(VDSO)/entry.o $(VDSO)/clock.o
VDSO_CFLAGS := -std=gnu11 -O2 -g -march=i486 -ffreestanding -fpic -fno-stack-protector \
	-fcf-protection=none -mgeneral-regs-only -fasynchronous-unwind-tables \
	-fomit-frame-pointer -fno-strict-aliasing
# -shared for the linker alone: i686-elf-gcc does not know it.
VDSO_LDFLAGS := -nostdlib -Wl,-shared -Wl,-Bsymbolic -Wl,-soname,linux-gate.so.1 \
	-Wl,--hash-style=both -Wl,--eh-frame-hdr -Wl,--build-id=none -Wl,-z,noexecstack \
	-Wl,-z,max-page-size=4096 -Wl,--fatal-warnings -Wl,--no-undefined

$(VDSO)/clock.o: kernel/vdso/clock.c kernel/vdso/vdso.mk $(BUILD)/flags
	@mkdir -p $(@D)
	@echo "CC    $<"
	$(QUIET)$(CC) $(VDSO_CFLAGS) $(WARNINGS) $(CPPFLAGS) -MMD -MP -c $< -o $@

$(VDSO)/entry.o: kernel/vdso/entry.S kernel/vdso/vdso.mk $(BUILD)/flags
	@mkdir -p $(@D)
	@echo "AS    $<"
	$(QUIET)$(CC) -c $< -o $@

$(VDSO)/vdso.elf: $(VDSO_OBJECTS) kernel/vdso/vdso.lds
	@echo "LINK  $@"
	$(QUIET)$(CC) $(VDSO_LDFLAGS) -Wl,-T,kernel/vdso/vdso.lds $(VDSO_OBJECTS) -o $@

$(VDSO)/vdso.so: $(VDSO)/vdso.elf
	$(QUIET)strip -o $@ $<

# Where in it is what the kernel has to know.
$(VDSO)/symbols.inc: $(VDSO)/vdso.elf
	$(QUIET)nm $< | awk '$$2 ~ /[Tt]/ && $$3 !~ /\./ { print "VDSO_" $$3 " equ 0x" $$1 }' >$@

$(BUILD)/kernel/vdso_image.o: ASFLAGS += -I$(VDSO)/
$(BUILD)/kernel/vdso_image.o: $(VDSO)/vdso.so $(VDSO)/symbols.inc

-include $(VDSO)/clock.d

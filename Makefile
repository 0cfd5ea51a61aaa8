# How Loft is built, run and tested. `make help` lists what there is to ask for.
#
# Settings, on the command line:
#   KERNEL_VMA=0x80000000   where the kernel half begins; a multiple of 4 MB. Each value but the
#                           usual one has a directory of its own, build/vma-VALUE
#   CROSS_COMPILE=PREFIX-   the compiler's prefix, if not the first of i686-elf-gcc,
#                           i686-linux-gnu-gcc and gcc -m32 that exists
#   PACKAGES="lua5.4 ..."   Debian i386 packages that `make run`, `make gdb` and `make iso` put into
#                           the image, with all that they depend on
#   MEMORY=256              megabytes for `make run` and `make gdb`
#   CMDLINE="..."           the kernel's command line for `make gdb`
#   DISK=FILE               `make run` and `make gdb` attach this image of a disk; one that is not
#                           there is made, with an empty ext2 of DISK_SIZE=256 megabytes
#   SWAP=512                and a swap area of so many megabytes behind it, build/swap-512.img
#   CONTROLLER=virtio       their controller: virtio (vda, vdb), piix or ahci (sda, sdb)
#   QEMU_FLAGS="..."        more arguments for QEMU
#   BENCH=--check           `make bench` ends with 1 when a goal is not met
#   TESTS="..."             which tests: an expression for pytest's -k
#   V=1                     show the commands

KERNEL_VMA ?= 0xC0000000
MEMORY ?= 256
CMDLINE ?= console=tty0 console=ttyS0

BUILD := build$(if $(filter-out 0xC0000000,$(KERNEL_VMA)),/vma-$(KERNEL_VMA))
# With PACKAGES the image and the ISO have names of their own.
ROOT := $(BUILD)/root$(if $(PACKAGES),-packages).cpio
ISO := $(BUILD)/loft$(if $(PACKAGES),-packages).iso
QUIET := $(if $(V),,@)
PYTEST := pytest-3 -q -p no:cacheprovider
# What `make toolchain` built comes before what the system has.
export PATH := $(CURDIR)/build/toolchain/bin:$(PATH)
export KERNEL_VMA

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:
FORCE:
.PHONY: FORCE

# ---- tools: what is missing is installed before it is used

SETUPS := $(addprefix setup-,build iso run disk gdb test firmware format)
.PHONY: $(SETUPS)
$(SETUPS): setup-%:
	@CROSS_COMPILE=$(CROSS_COMPILE) tools/setup.sh $*

# The compiler is looked for when a recipe needs it, by when the set-up has run; once found, it
# is not looked for again.
find_compiler = $(notdir $(shell PATH='$(PATH)'; \
	command -v i686-elf-gcc || command -v i686-linux-gnu-gcc))
CC = $(if $(compiler),,$(eval compiler := $(or $(CROSS_COMPILE:%=%gcc),$(find_compiler)))) \
	$(or $(compiler),gcc -m32)

# ---- the kernel

ROOMS := boot kernel mm fs fs/ext2 lib drivers
SOURCES := $(sort $(wildcard $(ROOMS:%=%/*.c) $(ROOMS:%=%/*.asm)))
OBJECTS := $(patsubst %,$(BUILD)/%.o,$(basename $(SOURCES)))

# Arguments travel in registers and the stack is aligned to words: kernel/*.asm and lib/integer.c
# count on the first, and both save an eighth of all that the kernel executes.
CFLAGS := -std=gnu11 -O2 -g -march=i486 -mregparm=3 -mpreferred-stack-boundary=2 \
	-fno-align-loops -fno-align-labels -ffreestanding -fno-pic -fno-pie \
	-fno-stack-protector -fcf-protection=none -mgeneral-regs-only \
	-fno-asynchronous-unwind-tables -fno-omit-frame-pointer -fno-strict-aliasing
WARNINGS := -Wall -Wextra -Werror -Wmissing-prototypes -Wstrict-prototypes -Wshadow \
	-Wpointer-arith -Wwrite-strings -Wundef -Wvla
# A 32-bit integer is an int: i686-elf-gcc's own choice is long, which no %u or %d fits.
INT_TYPES := -U__UINT32_TYPE__ -D__UINT32_TYPE__=unsigned -U__INT32_TYPE__ -D__INT32_TYPE__=int
CPPFLAGS := -Iinclude -DKERNEL_VMA=$(KERNEL_VMA) $(INT_TYPES)
ASFLAGS := -f elf32 -g -F dwarf -Wall -Werror -DKERNEL_VMA=$(KERNEL_VMA)
LDFLAGS := -nostdlib -static -no-pie -Wl,--build-id=none -Wl,-z,max-page-size=4096 \
	-Wl,-z,noexecstack -Wl,--fatal-warnings -Wl,--defsym=KERNEL_VMA=$(KERNEL_VMA)

# Rooms add what is made for them (a font, the user programs, the test programs).
-include $(wildcard drivers/drivers.mk kernel/vdso/vdso.mk user/user.mk tools/bench/bench.mk \
	tools/policies/policies.mk \
	tests/tests.mk)

.PHONY: all iso
all: $(BUILD)/loft.elf $(ROOT) $(ISO)
iso: $(ISO)

# Rewritten, and so newer than the objects, only when the compiler or its flags change.
$(BUILD)/flags: setup-build FORCE
	@mkdir -p $(@D)
	@echo '$(strip $(CC)) $(CFLAGS) $(WARNINGS) $(CPPFLAGS) nasm $(ASFLAGS) ld $(LDFLAGS)' >$@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@

$(BUILD)/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	@echo "CC    $<"
	$(QUIET)$(CC) $(CFLAGS) $(WARNINGS) $(CPPFLAGS) -MMD -MP -c $< -o $@

$(BUILD)/%.o: %.asm $(BUILD)/flags
	@mkdir -p $(@D)
	@echo "NASM  $<"
	$(QUIET)nasm $(ASFLAGS) -MD $(@:.o=.d) -MP $< -o $@

-include $(OBJECTS:.o=.d)

# Linked twice: the second time with the table of the functions that the first time placed.
# That the second link moved none of them is checked by making the table once more.
LINK = $(CC) $(LDFLAGS) -T linker.ld $(OBJECTS)
KSYMS = nm --numeric-sort $(1) | \
	awk -v base=$(shell printf %08x $(KERNEL_VMA)) -f tools/ksyms.awk >$(2)

$(BUILD)/loft.elf: $(OBJECTS) linker.ld tools/ksyms.awk $(BUILD)/flags
	@echo "LINK  $@"
	$(QUIET)awk -f tools/ksyms.awk /dev/null >$(BUILD)/ksyms.asm
	$(QUIET)nasm -f elf32 $(BUILD)/ksyms.asm -o $(BUILD)/ksyms.o
	$(QUIET)$(LINK) $(BUILD)/ksyms.o -o $(BUILD)/first.elf
	$(QUIET)$(call KSYMS,$(BUILD)/first.elf,$(BUILD)/ksyms.asm)
	$(QUIET)nasm -f elf32 $(BUILD)/ksyms.asm -o $(BUILD)/ksyms.o
	$(QUIET)$(LINK) $(BUILD)/ksyms.o -o $@
	$(QUIET)$(call KSYMS,$@,$(BUILD)/ksyms.check)
	@cmp $(BUILD)/ksyms.asm $(BUILD)/ksyms.check || \
		{ echo "make: the second link moved functions" >&2; exit 1; }
	@rm $(BUILD)/first.elf $(BUILD)/ksyms.check

# ---- the initramfs and the ISO

$(BUILD)/root.cpio: tools/initramfs.sh $(USER_PROGRAMS) | setup-build
	@echo "CPIO  $@"
	$(QUIET)tools/initramfs.sh $@

# With our own init and shell alone, for machines too small for busybox.
$(BUILD)/root-own.cpio: tools/initramfs.sh $(USER_PROGRAMS) | setup-build
	@echo "CPIO  $@"
	$(QUIET)tools/initramfs.sh --own $@

# Rewritten, and so newer than the image, only when the list of packages is another one.
$(BUILD)/packages.list: FORCE
	@mkdir -p $(@D)
	@echo '$(strip $(PACKAGES))' | cmp -s - $@ || echo '$(strip $(PACKAGES))' >$@

$(BUILD)/root-packages.cpio: tools/initramfs.sh tools/debian-tree.sh $(USER_PROGRAMS) \
		$(BUILD)/packages.list | setup-build
	@echo "CPIO  $@"
	$(QUIET)tools/initramfs.sh $@ $(PACKAGES)

# One hybrid image for BIOS and UEFI, CD and USB stick, with the GRUB modules it needs alone: ours,
# and those that grub-mkrescue's own first steps ask for on every platform.
GRUB_MODULES := multiboot normal all_video serial terminal iso9660 part_acorn part_amiga \
	part_apple part_bsd part_dfly part_dvh part_gpt part_msdos part_plan part_sun part_sunpc

$(BUILD)/loft.iso: $(BUILD)/root.cpio
$(BUILD)/loft-packages.iso: $(BUILD)/root-packages.cpio
$(BUILD)/loft.iso $(BUILD)/loft-packages.iso: $(BUILD)/loft.elf grub.cfg | setup-iso
	@echo "ISO   $@"
	$(QUIET)rm -rf $(BUILD)/iso && mkdir -p $(BUILD)/iso/boot/grub
	$(QUIET)cp grub.cfg $(BUILD)/iso/boot/grub/
	$(QUIET)strip --strip-debug -o $(BUILD)/iso/boot/loft.elf $(BUILD)/loft.elf
	$(QUIET)cp $(filter %.cpio,$^) $(BUILD)/iso/boot/root.cpio
	$(QUIET)grub-mkrescue --locales= --fonts= --themes= --install-modules="$(GRUB_MODULES)" \
		-o $@ $(BUILD)/iso >$(BUILD)/grub-mkrescue.log 2>&1 || \
		{ cat $(BUILD)/grub-mkrescue.log >&2; exit 1; }
	@rm -r $(BUILD)/iso

# ---- running

# The disk first, then the swap area, on the places of a controller that the CD has not.
CONTROLLER ?= virtio
DISK_SIZE ?= 256
SWAP_IMAGE := $(SWAP:%=build/swap-%.img)
DISKS := $(strip $(DISK) $(SWAP_IMAGE))
disk_device_virtio := virtio-blk-pci
disk_device_piix = ide-hd,bus=ide.0,unit=$(1)
disk_device_ahci = ide-hd,bus=ide.$(1)
ifeq ($(filter virtio piix ahci,$(CONTROLLER)),)
$(error CONTROLLER is virtio, piix or ahci)
endif
attach = -drive file=$(word $(2),$(DISKS)),format=raw,if=none,id=disk$(1) \
	-device $(call disk_device_$(CONTROLLER),$(1)),drive=disk$(1)
DISK_FLAGS = $(if $(filter ahci,$(CONTROLLER)),-M q35) $(if $(DISKS),$(call attach,0,1)) \
	$(if $(word 2,$(DISKS)),$(call attach,1,2))

ifneq ($(DISKS),)
$(DISKS): | setup-disk
run gdb: | $(DISKS)
endif
ifneq ($(DISK),)
$(DISK):
	@echo "MKE2FS $@ ($(DISK_SIZE) MB)"
	$(QUIET)truncate -s $(DISK_SIZE)M $@.new && PATH="$$PATH:/sbin" mke2fs -q -F -t ext2 $@.new
	@mv $@.new $@
endif
$(SWAP_IMAGE):
	@mkdir -p $(@D)
	@echo "MKSWAP $@"
	$(QUIET)rm -f $@.new && truncate -s $(SWAP)M $@.new && chmod 600 $@.new
	$(QUIET)PATH="$$PATH:/sbin" mkswap -q $@.new
	@mv $@.new $@

QEMU := qemu-system-i386
QEMU_MACHINE = -accel tcg -m $(MEMORY) -nic none $(DISK_FLAGS) $(QEMU_FLAGS)
# With a display and QEMU's package for it, a window; the serial console in any case.
DISPLAY_FLAG = $$(if [ -n "$$DISPLAY$$WAYLAND_DISPLAY" ] && \
	$(QEMU) -display help 2>/dev/null | grep -qx gtk; then echo gtk; else echo none; fi)

.PHONY: run gdb
run: $(ISO) | setup-run
	@echo "The serial console is this terminal. poweroff ends it; so does Ctrl-A x."
	$(QUIET)$(QEMU) $(QEMU_MACHINE) -cdrom $< -boot d -serial mon:stdio -display $(DISPLAY_FLAG)

# QEMU runs as gdb's child, stopped before its first instruction, and talks to it over a pipe.
# Its own session: a Ctrl-C at gdb's prompt is for gdb.
gdb: $(BUILD)/loft.elf $(ROOT) | setup-run setup-gdb
	@echo "Serial console: $(BUILD)/serial.log, or socat -,rawer unix:$(BUILD)/serial.sock"
	$(QUIET)LOFT_QEMU="setsid $(QEMU) $(QEMU_MACHINE) -S -gdb stdio -kernel $(BUILD)/loft.elf \
		-initrd $(ROOT) -append '$(CMDLINE)' -display $(DISPLAY_FLAG) -serial \
		chardev:s -chardev socket,id=s,path=$(BUILD)/serial.sock,server=on,wait=off,logfile=$(BUILD)/serial.log" \
		gdb -q -x tools/gdb/start.py $(BUILD)/loft.elf

# Instructions counted by QEMU: of booting, and of each system call and fault beside those of
# Debian's kernel, with the goals.
.PHONY: bench
bench: $(BUILD)/loft.elf $(BUILD)/root.cpio $(BENCH_PROGRAMS) | setup-run setup-disk
	$(QUIET)tools/bench-boot.py $(BENCH) $(BUILD)
	@echo
	$(QUIET)tools/bench.py $(BENCH) --build $(BUILD)
	@echo
	$(QUIET)tools/bench-disk.py $(BENCH) --build $(BUILD)

# ---- housekeeping

C_FILES = $(wildcard $(ROOMS:%=%/*.[ch]) kernel/vdso/*.[ch] include/*.h include/*/*.h \
	user/*.[ch] user/*/*.[ch] tests/*/*.[ch] tools/bench/*.[ch])

.PHONY: toolchain format format-check clean distclean help
toolchain:
	tools/toolchain.sh

format: setup-format
	$(QUIET)clang-format -i $(C_FILES)

format-check: setup-format
	$(QUIET)clang-format --dry-run --Werror $(C_FILES)

# Keeps what was downloaded and the toolchain; distclean does not.
clean:
	rm -rf $(ROOMS:%=build/%) build/vma-* build/user build/tests build/iso
	[ ! -d build ] || find build -maxdepth 1 -type f -delete

distclean:
	rm -rf build

help:
	@echo "make             build/loft.elf, build/root.cpio and build/loft.iso"
	@echo "make run         boot the ISO in QEMU; this terminal is its serial console"
	@echo "                 DISK=my.img SWAP=512 give it a disk (mount /dev/vda /mnt) and room to swap"
	@echo "                 (swapon /dev/vdb); CONTROLLER=ahci or piix: sda and sdb"
	@echo "make gdb         the kernel stopped in the loader, before paging, in gdb"
	@echo "make test        all tests; test-unit, test-kernel, test-system, test-real, test-storage,"
	@echo "                 test-machines and test-gdb are their parts"
	@echo "make bench       instructions that booting, system calls and faults take, beside Debian's"
	@echo "                 kernel and the goals, and of a file on ext2 and of swap; BENCH=--check makes it"
	@echo "                 end with 1 if one is not met; tools/bench.py and bench-disk.py measure or profile"
	@echo "                 single rows"
	@echo "make policies    page faults of recorded programs under each replacement policy"
	@echo "make soak        a million random system calls; stress-ng, ten seconds a stressor; swap, ext2"
	@echo "                 and Debian's programs in little memory, at length"
	@echo "make iso         build/loft.iso alone"
	@echo "make toolchain   build an i686-elf compiler from Debian's sources"
	@echo "make format      lay out all C files; format-check only looks"
	@echo "make clean       delete what was built, keep what was downloaded; distclean: all"
	@echo
	@sed -n '/^# Settings/,/^$$/s/^# \{0,1\}//p' Makefile

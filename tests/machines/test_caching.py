"""V6: paging decides how memory is cached. Checked from outside: the page tables are read from
physical memory through QEMU's monitor, the PAT by making the processor execute rdmsr in gdb.

Intel SDM 3A 4.3 (entries), 4.9.2 (PWT, PCD and PAT choose an entry of the PAT), 11.12.
"""

import re
import subprocess

import pytest

import loftvm

ISO = loftvm.BUILD / "loft.iso"
PRESENT, WRITE_THROUGH, CACHE_DISABLE, LARGE = 1, 8, 16, 128
PAT_4K, PAT_4M = 1 << 7, 1 << 12
UNCACHED, WRITE_COMBINING, WRITE_BACK, UNCACHED_MINUS = 0, 1, 6, 7
# The types at reset, which is also what PWT and PCD mean on processors without a PAT.
RESET = [6, 4, 7, 0] * 2
VGA_TEXT = 0xB8000
LOCAL_APIC = 0xFEE00000
KERNEL_IMAGE = 0x100000


def words(machine, address, count):
    """32-bit words of physical memory."""
    text = machine.monitor(f"xp /{count}xw {address:#x}")
    return [int(word, 16) for line in text.splitlines()
            for word in line.partition(":")[2].split()]


def kernel_pages(machine):
    """Each page of the kernel half: (linear address, physical address, size, index into PAT)."""
    cr3 = int(re.search(r"CR3=([0-9a-f]+)", machine.monitor("info registers"))[1], 16)
    directory = words(machine, cr3 & ~0xfff, 1024)
    for index in range(512, 1024):
        entry = directory[index]
        if not entry & PRESENT:
            continue
        if entry & LARGE:
            yield index << 22, entry & ~0x3fffff, 1 << 22, pat_index(entry, PAT_4M)
            continue
        for slot, page in enumerate(words(machine, entry & ~0xfff, 1024)):
            if page & PRESENT:
                yield index << 22 | slot << 12, page & ~0xfff, 1 << 12, pat_index(page, PAT_4K)


def pat_index(entry, pat):
    return (4 if entry & pat else 0) + (2 if entry & CACHE_DISABLE else 0) + \
        (1 if entry & WRITE_THROUGH else 0)


def read_pat(machine, folder):
    """The PAT as eight types: the processor is stopped in the kernel by the next interrupt, made to
    execute rdmsr with the PAT's number, and everything is put back."""
    script = folder / "pat.gdb"
    script.write_text("""
set confirm off
set pagination off
set breakpoint pending off
set architecture i386
target remote %s
hbreak irq_handle
continue
set $was_eax = $eax
set $was_ecx = $ecx
set $was_edx = $edx
set $was_pc = $pc
set $was_code = *(unsigned short *)$pc
set *(unsigned short *)$pc = 0x320f
set $ecx = 0x277
stepi
printf "PAT %%08x %%08x\\n", $eax, $edx
set $pc = $was_pc
set *(unsigned short *)$pc = $was_code
set $eax = $was_eax
set $ecx = $was_ecx
set $edx = $was_edx
delete
detach
quit
""" % (folder / "gdb.sock"))
    gdb = subprocess.Popen(["gdb", "-q", "-nx", "-batch", "-x", str(script), str(loftvm.KERNEL)],
                           stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, text=True)
    try:
        output, _ = gdb.communicate(timeout=30)
    finally:
        gdb.kill()
    seen = re.search(r"^PAT ([0-9a-f]{8}) ([0-9a-f]{8})$", output, re.MULTILINE)
    assert seen, output
    return list(bytes.fromhex(seen[1])[::-1] + bytes.fromhex(seen[2])[::-1])


def frame_buffer(machine):
    """Where the graphics card's memory is, by QEMU's own word: BAR 0 of the VGA."""
    text = machine.monitor("info pci")
    card = text[text.index("VGA controller"):]
    return int(re.search(r"BAR0: 32 bit prefetchable memory at 0x([0-9a-f]+)", card)[1], 16)


@pytest.mark.parametrize("cpu, has_pat", [("qemu32", True), ("pentium3", True),
                                          ("pentium", False), ("486", False)])
def test_v6_paging_decides_how_memory_is_cached(boot, tmp_path, cpu, has_pat):
    gdb = ["-chardev", f"socket,path={tmp_path}/gdb.sock,server=on,wait=off,id=gdb",
           "-gdb", "chardev:gdb"]
    machine = boot(iso=ISO, cpu=cpu, extra=gdb)
    machine.expect(loftvm.PROMPT, timeout=300)
    # Before anything else stops the machine: QEMU would tell gdb of that once it is there.
    types = read_pat(machine, tmp_path) if has_pat else RESET
    screen = frame_buffer(machine)
    machine.qmp("stop")
    pages = list(kernel_pages(machine))
    machine.qmp("cont")

    expected = WRITE_COMBINING if has_pat else UNCACHED
    if has_pat:
        assert types[0] == WRITE_BACK and types[3] == UNCACHED

    def types_of(start, end):
        return {types[index] for _, physical, size, index in pages
                if physical < end and physical + size > start and physical >= start & -size}

    # 1024 x 768 or whatever GRUB chose: at least the first 4 KB x 100 are on the screen.
    assert types_of(screen, screen + (400 << 10)) == {expected}
    assert types_of(VGA_TEXT, VGA_TEXT + 0x8000) == {UNCACHED}
    if cpu == "qemu32":
        assert types_of(LOCAL_APIC, LOCAL_APIC + 4096) == {UNCACHED}
    # Normal memory: nothing in the kernel half maps it in any other way than cached.
    assert types_of(KERNEL_IMAGE, 64 << 20) == {WRITE_BACK}
    assert types_of(0, 0xa0000) == {WRITE_BACK}
    machine.send("echo it goes o''n\n")
    machine.expect(r"^it goes on\n")


def test_v6_one_page_is_not_cached_in_two_ways(boot):
    """Two mappings of one page with different types are undefined (SDM 3A 11.12.4)."""
    machine = boot(iso=ISO, cpu="qemu32")
    machine.expect(loftvm.PROMPT, timeout=300)
    machine.qmp("stop")
    seen = {}
    for _, physical, size, index in kernel_pages(machine):
        for page in range(physical, physical + size, 4096):
            assert seen.setdefault(page, index) == index, hex(page)

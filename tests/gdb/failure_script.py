"""Runs inside gdb: makes the loader find what the test wants it to find, and reads the screen
once it has given up. LOFT_CASE says which."""
import os

import gdb

from inside import physical_words, quietly, report, run_to, value


def without_magic():
    """As if jumped to by something that is no Multiboot loader."""
    gdb.execute("set $eax = 0")


def without_cpuid():
    """As if EFLAGS.ID could not be changed: at the test of what had changed, nothing had."""
    while "test   eax,0x200000" not in quietly("x/i $pc"):
        quietly("stepi")
    gdb.execute("set $eax = 0")


def as_it_is():
    pass


CASES = {case.__name__: case for case in (without_magic, without_cpuid, as_it_is)}

assert value("$pc") == value("&loader_entry")
CASES[os.environ["LOFT_CASE"]]()
run_to("loader_halt")
cells = b"".join(word.to_bytes(4, "little") for word in physical_words(0xB8000, 80 * 25 // 2))
report({
    "screen": cells[0::2].decode("latin-1"),
    "attributes": sorted(set(cells[1::2])),
    "loop": [line.split("\t", 1)[1] for line in quietly("x/3i $pc").splitlines()],
    "paging": value("$cr0") >> 31,
})

"""Runs inside gdb: over the loader, one instruction at a time, into the C entry."""
import gdb

from inside import physical_words, quietly, report, run_to, value

NAMES = ("pc", "cr0", "cr3", "cr4")
DIRECTORY = value("(unsigned)&boot_pagedir - (unsigned)&KERNEL_VMA")


def snapshot():
    """The registers, and the page directory as it lies in memory."""
    state = {name: value("$" + name) for name in NAMES}
    state["directory"] = physical_words(DIRECTORY, 1024)
    return state


def step_through_loader():
    """Single-steps until code above KERNEL_VMA runs. Each change of a control register: the
    registers before and after."""
    changes = []
    before = {name: value("$" + name) for name in NAMES}
    while before["pc"] < value("&KERNEL_VMA"):
        quietly("stepi")
        after = {name: value("$" + name) for name in NAMES}
        if any(after[name] != before[name] for name in NAMES[1:]):
            changes.append([before, after])
        before = after
    return changes


seen = {name: value("&" + name) for name in (
    "loader_entry", "loader_load_pagedir", "loader_enable_pse", "loader_enable_paging",
    "loader_paging_on", "loader_higher_half", "kernel_main", "kernel_end", "boot_pagedir",
    "boot_stack_bottom", "boot_stack_top")}
seen["entry"] = snapshot()
seen["translate_before"] = quietly("loft-translate loader_entry")
seen["changes"] = step_through_loader()
seen["higher_half"] = snapshot()
seen["translate_identity"] = quietly("loft-translate cs:loader_entry")
seen["pagedir_identity"] = quietly("loft-pagedir")
run_to("kernel_main")
seen["kernel"] = snapshot()
seen["arguments"] = {name: value(name) for name in ("magic", "info")}
seen["stack"] = {"esp": value("$esp"), "ebp": value("$ebp")}
seen["translate_kernel"] = quietly("loft-translate cs:$pc")
seen["translate_low"] = quietly("loft-translate loader_entry")
seen["pagedir_kernel"] = quietly("loft-pagedir kernel")
seen["pagedir_user"] = quietly("loft-pagedir user")
report(seen)

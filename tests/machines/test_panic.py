"""What the kernel says when it breaks: each way of crashing on purpose (kernel/crash.c), and what
panic= makes of it.
"""

import re
import time

import pytest

import loftvm

WAYS = {
    "stack": (r"kernel stack overflow", r"eip [0-9a-f]{8} recurse\+0x",
              r"cr2 f8[0-9a-f]{6} ", r"table\[\d+\] 00000000 not present",
              r" \.\.\. and \d+ times more\n called from [0-9a-f]{8} run_over_stack\+0x"),
    "read": (r"page fault: read of 00000010 in the kernel", r"eip [0-9a-f]{8} read_nowhere\+0x",
             r"trap 14 error 0\n", r"00000010: cr3 [0-9a-f]{8}, directory\[0\] .*not present"),
    "call": (r"page fault: read of 00000010 in the kernel", r"eip 00000010\n"),
    "text": (r"page fault: write of [0-9a-f]{8} in the kernel", r"eip [0-9a-f]{8} write_text\+0x",
             r"trap 14 error 3\n", r"table\[\d+\] [0-9a-f]{8} read-only PL0"),
    "opcode": (r"invalid opcode in the kernel", r"eip [0-9a-f]{8} run_bad_instruction\+0x",
               r"trap 6 error 0\n"),
    "assert": (r"kernel/crash\.c:\d+: assertion failed: nowhere == 0",),
}
REGISTERS = [r"eax [0-9a-f]{8} ebx [0-9a-f]{8}", r"cr0 [0-9a-f]{8} cr2 [0-9a-f]{8} cr3 [0-9a-f]{8}"]
CALLERS = [r"called from [0-9a-f]{8} finish_boot\+0x"]


@pytest.mark.parametrize("way", WAYS)
def test_crash(boot, way):
    machine = boot(initrd=None, append=f"crash={way} panic_exit")
    assert machine.wait(panic=True) == 37
    text = machine.text
    reason, *details = WAYS[way]
    panic = re.search(rf"^kernel panic: {reason}", text, re.MULTILINE)
    assert panic, text
    for pattern in details + CALLERS + (REGISTERS if way != "assert" else []):
        assert re.search(pattern, text[panic.start():]), f"no {pattern!r} in:\n{text}"
    log = text[text.index("---- the last log lines"):panic.start()]
    assert "memory: " in log, text


def test_panic_reboots_after_seconds(boot):
    """QEMU ends (-no-reboot) when the kernel reboots, and not before."""
    machine = boot(initrd=None, append="crash=opcode panic=2")
    machine.expect("rebooting in 2 seconds", panic=True)
    start = time.monotonic()
    assert machine.wait(panic=True) == 0
    # The machine's seconds are the host's, but it may have fallen behind them.
    assert time.monotonic() - start > 1


def test_panic_halts(boot):
    machine = boot(initrd=None, append="crash=opcode panic=0")
    machine.expect("^halted$", panic=True)
    assert machine.process.poll() is None


def test_unknown_crash_is_none(boot):
    machine = boot(initrd=None, append="crash=nonsense panic_exit")
    machine.expect("crash: nonsense is no way to crash", panic=True)


def test_panic_shows_the_last_faults(boot):
    """Process 1 ends: what it and its pages last did stands between the log and the reason."""
    machine = boot(initrd=loftvm.BUILD / "root.cpio", append="init=/bin/false panic_exit")
    assert machine.wait(panic=True) == 37
    text = machine.text
    faults = text[text.index("---- the last page faults"):text.index("kernel panic: process 1")]
    lines = re.findall(r"^ +\d+\.\d{6} +1 \S+ +[0-9a-f]{8} (?:user|kernel|remote) +\w+ +"
                       r"[-r][-w][-x] .* [0-9a-f]{5} +\d+$", faults, re.MULTILINE)
    assert len(lines) == 8, text

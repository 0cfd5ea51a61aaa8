"""The two ways into the kernel on processors of all kinds: the programs about the vDSO print what
they print on Linux, whether or not there are SYSENTER, a time stamp counter, SMEP and SMAP.
"""

import sys

import pytest

import loftvm

sys.path.insert(0, str(loftvm.ROOT / "tests" / "system"))
import test_programs  # noqa: E402

PROGRAMS = ["vdso_calls", "vdso_moved", "vdso_storm", "vdso_symbols"]
# The C library wants CMOV: the older ones run but our own programs (test_matrix).
PROCESSORS = ["pentium2", "pentium3,-sep", "pentium3,-tsc", "coreduo", "n270", "max"]


@pytest.fixture(scope="module")
def expected():
    return {name: test_programs.expected_of(name) for name in PROGRAMS}


@pytest.mark.parametrize("processor", PROCESSORS)
def test_processor(processor, expected, scratch):
    batch = test_programs.Batch(PROGRAMS, scratch, f"entry-{PROCESSORS.index(processor)}")
    batch.machine = {"cpu": processor}
    for name in PROGRAMS:
        result = batch.result(name)
        if isinstance(result, Exception):
            raise result
        end, output = result
        seen = test_programs.Outcome(output, end["how"], int(end["number"]))
        assert str(seen) == str(expected[name]), f"{name} on {processor}"
        assert end["ledger"] == "ok"


@pytest.mark.parametrize("processor", ["486", "pentium", "pentium2", "pentium3,-sep", "qemu32"])
def test_entering_instruction(processor, scratch, boot):
    """SYSENTER (0f 34) or NOPs stand in front of the INT 0x80 (cd 80)."""
    archive = loftvm.cpio(scratch / "vsyscall.cpio",
                          {"init": test_programs.BINARIES / "vsyscall"})
    machine = boot(initrd=archive, append="quiet loglevel=1", cpu=processor)
    entering = "89e50f34" if processor in ("pentium2", "qemu32") else "90909090"
    assert machine.expect(r"^code ([0-9a-f]+)\n")[1] == f"515255{entering}cd805d5a59c3"
    machine.expect(r"^pid 1\nwritten\n")

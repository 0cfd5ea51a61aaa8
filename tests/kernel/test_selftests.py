"""The kernel's self-tests (SELFTEST in its sources), each a case here. One boot runs them all, in
a random order that their seed, in the log, can repeat: `selftest_seed=N` on the command line.
"""

import re

import pytest

import loftvm

DEFINITION = re.compile(r"^SELFTEST\((\w+)\)", re.MULTILINE)
NAMES = sorted(name for room in ("kernel", "mm", "fs", "lib", "drivers")
               for source in (loftvm.ROOT / room).glob("*.c")
               for name in DEFINITION.findall(source.read_text()))

pytestmark = pytest.mark.xdist_group("selftests")


@pytest.fixture(scope="module")
def report():
    """The serial text of a run of all self-tests, and QEMU's exit code."""
    with loftvm.VM("selftests", append="selftest=all", memory=128) as machine:
        code = machine.wait(timeout=600, panic=True)
        return machine.text, code


@pytest.mark.parametrize("name", NAMES)
def test_selftest(name, report):
    text, _ = report
    result = re.search(rf"^.*\b(not ok|ok) \d+ (?:- )?{name}\b.*$", text, re.MULTILINE)
    assert result, f"{name} was not run to its end:\n{text[-3000:]}"
    assert result[1] == "ok", text[max(0, result.start() - 2000):result.end()]


def test_all_passed(report):
    text, code = report
    assert code == loftvm.SELFTEST_PASSED, text[-3000:]

"""fail_nth: the Nth allocation of anybody fails, once, and the machine goes on with its books in order."""

import re

import loftvm

ROOT = loftvm.BUILD / "root.cpio"
LINE = r"fail: task \d+ \(\S+\): an allocation fails as asked(?: < \w+)+"


def balanced(machine):
    machine.run("[ -d /proc/loft ] || mount -t proc none /proc")
    text, status = machine.run("tail -n 1 /proc/loft/ledger")
    return status == 0 and text.strip() == "ok"


def test_through_proc(shell):
    machine = shell()
    machine.run("dmesg -n 7; echo 25 > /proc/sys/vm/fail_nth; "
                "for i in 1 2 3; do ls / > /dev/null; done; true")
    log, _ = machine.run("dmesg")
    assert len(re.findall(LINE, log)) == 1, log
    assert machine.run("cat /proc/sys/vm/fail_nth")[0].strip() == "0"
    assert balanced(machine)


def test_for_one_task(shell):
    """Another's allocations do not count."""
    machine = shell()
    machine.run("sleep 100 & until grep -q sleep /proc/$!/comm; do sleep 0.1; done; sleep 0.5")
    machine.run("echo 1 > /proc/$!/fail-nth; for i in 1 2 3; do ls / > /dev/null; done")
    assert machine.run("cat /proc/$!/fail-nth")[0].strip() == "1"
    assert machine.run("echo x > /proc/$!/fail-nth")[1] != 0
    machine.run("kill $!; wait $!")
    assert balanced(machine)


def test_on_the_command_line(shell):
    machine = shell(append="fail_nth=150")
    log, _ = machine.run("dmesg")
    assert len(re.findall(LINE, log)) == 1, log
    assert balanced(machine)

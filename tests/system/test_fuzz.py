"""Random system calls with random arguments: the kernel goes on, and its ledger balances; what
the calls took has been given back, frames and kernel heap alike.

LOFT_FUZZ_CALLS and LOFT_FUZZ_SEED of the environment say how many and which; `make soak` makes
a million.
"""

import os
import random
import re
import time

import loftvm
import pytest

# The tree of process numbers grows with the highest, and the shell's memory a little with use.
SLACK_OBJECTS = 16
SLACK_FRAMES = 16


def memory_of(machine):
    """Free frames and objects of the kernel heap; the ledger must say ok."""
    text, status = machine.run("cat /proc/loft/ledger /proc/loft/heap")
    assert status == 0 and re.search(r"^ok$", text, re.MULTILINE), text
    return [int(re.search(rf"^{name} (\d+)$", text, re.MULTILINE)[1])
            for name in ("free", "objects")]


# Without asking what a file is: its times may be beyond what the shell can hold.
LIST_NAMES = """for d in / /* /tmp/* /var/*; do
case $d in /proc) ;; *) cd "$d" 2>/dev/null && echo "$d:" .* *;; esac; done; cd"""


def names_of(machine):
    """The files that are not of the kernel's making. What a program left there is no leak."""
    text, status = machine.run(LIST_NAMES.replace("\n", " "))
    assert status == 0 and "tmp:" in text and "dev: " in text, text
    return set(text.split("\n"))


def fuzz(machine, calls, seed):
    """A machine that hangs is found when the next twentieth of the calls does not come."""
    machine.send(f"fuzz {calls} {seed}; echo @en''d $?\n")
    while True:
        line = machine.expect(r"^(?:fuzz: (done, )?\d+ calls by|@end \d+|Killed)")
        if line[1]:
            break
        assert line[0].startswith("fuzz: "), machine.text[-2000:]
    assert machine.expect(r"^@end (\d+)\n")[1] == "0", machine.text[-2000:]
    machine.expect(loftvm.PROMPT)


@pytest.mark.parametrize("memory", [128, 16])
def test_fuzz(shell, memory):
    calls = int(os.environ.get("LOFT_FUZZ_CALLS", 25000))
    seed = int(os.environ.get("LOFT_FUZZ_SEED", random.randrange(1, 1 << 31)))
    print(f"LOFT_FUZZ_SEED={seed}")
    machine = shell(memory=memory, append="quiet loglevel=1")
    fuzz(machine, 1000, seed + 1)  # what is allocated once and kept
    time.sleep(2)
    frames, objects = memory_of(machine)
    names = names_of(machine)
    start = time.monotonic()
    fuzz(machine, calls, seed)
    print(f"{calls} calls on {memory} MB: {time.monotonic() - start:.0f} s")
    # Process 1 takes a second or two to collect the children's orphans.
    for _ in range(30):
        time.sleep(1)
        frames_now, objects_now = memory_of(machine)
        if frames_now >= frames - SLACK_FRAMES and objects_now <= objects + SLACK_OBJECTS:
            break
    assert names_of(machine) == names, "the calls have left their file system"
    assert frames_now >= frames - SLACK_FRAMES, f"{frames - frames_now} frames lost"
    assert objects_now <= objects + SLACK_OBJECTS, f"{objects_now - objects} objects lost"
    print(machine.run("cat /proc/loft/ledger")[0])

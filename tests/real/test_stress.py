"""stress-ng, Debian's i386 package: its stressors of memory and processes on 128 MB.

Each verifies what it does as far as it can; none may report a failure. The kernel is alive
afterwards, its ledger balances, and every frame has come back. LOFT_STRESS_SECONDS says for how
long each runs: one second, or ten in `make soak`.
"""

import os
import re
import time

import loftvm
import pytest

IMAGE = loftvm.ROOT / "build" / "tests" / "stress.cpio"
SECONDS = int(os.environ.get("LOFT_STRESS_SECONDS", 1))

# The options beside the number of instances. bigheap takes memory until the OOM killer ends
# it and stress-ng starts it again, as on Linux. The sizes of the others fit, and let a round end
# within a second; the large ones need more time for it.
STRESSORS = {
    "vm": "--vm-method all --vm-bytes 2m",
    "vm-large": "--vm-method all --vm-bytes 64m --vm-keep",
    "mmap": "--mmap-bytes 32m",
    "mmap-large": "--mmap-bytes 64m",
    "mremap": "--mremap-bytes 8m",
    "brk": "",
    "stack": "--stack-fill",
    "bigheap": "",
    "fork": "",
    "vfork": "",
    "clone": "",
    "mprotect": "",
    "madvise": "",
    "shm": "--shm-bytes 1m",
    "shm-sysv": "--shm-sysv-bytes 1m",
    "munmap": "",
    "mlock": "",
    "memfd": "--memfd-bytes 16m",
    "pthread": "",
    "futex": "",
    "pipe": "",
    "switch": "",
    "context": "",
    "sigsegv": "",
    "sigfd": "",
    "page-in": "",
}

# What bash at the prompt takes for what it remembers.
SLACK_FRAMES = 16

# It asks /sys how many processors there are, which is not there.
EXPECTED = re.compile(r"no CPUs found in /sys|setting to a|dispatching hogs|successful run completed")


def command(name):
    option = name.replace("-large", "")
    if option == "page-in":  # an option of vm, not a stressor
        return "--vm 1 --vm-bytes 8m --page-in"
    return f"--{option} 1 {STRESSORS[name]}"


def ledger(machine):
    text, status = machine.run("cat /proc/loft/ledger")
    assert status == 0 and re.search(r"^ok$", text, re.MULTILINE), text
    return int(re.search(r"^free (\d+)$", text, re.MULTILINE)[1])


@pytest.fixture(scope="module")
def machines(worker_id):
    """A machine for all of them, and another one if a stressor has brought it down."""
    running = []

    def get():
        if not running or running[-1].process.poll() is not None:
            running.append(loftvm.VM(f"stress-{worker_id}-{len(running)}", initrd=IMAGE,
                                     memory=128, append="quiet loglevel=1"))
            running[-1].expect(loftvm.PROMPT)
            running[-1].run("stress-ng --vm 1 --vm-bytes 1m --vm-ops 1")
        return running[-1]

    yield get
    for machine in running:
        machine.close()


@pytest.mark.xdist_group("stress")
@pytest.mark.parametrize("name", STRESSORS)
def test_stress(name, machines):
    machine = machines()
    before = ledger(machine)
    output, status = machine.run(f"stress-ng {command(name)} -t {SECONDS} --verify --metrics-brief",
                                 timeout=120 + 10 * SECONDS)
    print(output)
    assert status == 0, output
    assert "fail" not in output, output
    done = re.search(r"metrc: \[\d+\] " + f"{command(name).split()[0][2:]} +(\\d+)", output)
    assert int(done[1]) > 0 or (SECONDS < 10 and name.endswith("-large")), output
    # A child that is ended between making a segment and saying so leaves it, on Linux as well.
    machine.run("rm -f /dev/shm/stress-ng-*")
    for _ in range(10):  # children whose parent was killed are collected by process 1
        after = ledger(machine)
        if after >= before - SLACK_FRAMES:
            break
        time.sleep(1)
    assert after >= before - SLACK_FRAMES, f"{before - after} frames lost"

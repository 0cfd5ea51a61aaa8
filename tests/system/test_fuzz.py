"""Random system calls with random arguments: the kernel goes on, and its ledger balances.

LOFT_FUZZ_CALLS and LOFT_FUZZ_SEED of the environment say how many and which; `make soak` makes
a million.
"""

import os
import random

import loftvm


def test_fuzz(shell):
    calls = int(os.environ.get("LOFT_FUZZ_CALLS", 30000))
    seed = int(os.environ.get("LOFT_FUZZ_SEED", random.randrange(1, 1 << 31)))
    print(f"LOFT_FUZZ_SEED={seed}")
    machine = shell(memory=128, append="quiet loglevel=1")
    machine.run("mkdir /tmp/fuzz && cd /tmp/fuzz")
    output, status = machine.run(f"fuzz {calls} {seed}", timeout=120 + calls // 50)
    assert status == 0 and "fuzz: done" in output, output
    text, status = machine.run("cat /proc/loft/ledger", timeout=600)
    assert status == 0 and text.rstrip().endswith("ok"), text

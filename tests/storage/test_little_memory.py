"""The programs of tests/programs on a machine whose memory is a few megabytes, with swap behind it
and their files on ext2: same output, same end, as with plenty of memory, and the books are in order.

In `make test` those whose subject is memory that goes and comes back; in `make soak` each.
"""

import os
import sys

import pytest

import disk
import loftvm

sys.path.insert(0, str(loftvm.ROOT / "tests" / "system"))

import test_programs  # noqa: E402

MEMORY = 16
SWAP = 384
# What they may ask for, and what they find in /tmp, is another thing here.
PARTICULAR = {"commit_policy", "mm_fork_refused"}


def chosen():
    names = [name for name in test_programs.NAMES if name not in PARTICULAR]
    if os.environ.get("LOFT_SOAK"):
        return names
    return [name for name in names if name.startswith(("swap_", "fork", "cow", "mm_fork"))]


class DiskBatch(test_programs.Batch):
    """A batch whose machine has the programs on a disk, which is its root, and swap on another."""

    def start(self, files, number):
        root = disk.ext2(self.scratch / f"{self.label}-{number}", 8 + len(files) * 2,
                         {"dev": None, "proc": None, "tmp": None, "swapon": "/dev/vdb\0", **files})
        swap = disk.swap(self.scratch / f"{self.label}-{number}-swap", SWAP)
        return loftvm.VM(f"programs-{self.label}-{number}", memory=MEMORY,
                         disks=[disk.Disk(root), disk.Disk(swap)],
                         append="root=/dev/vda rootfstype=ext2 rw init=/init quiet loglevel=1")


@pytest.fixture(scope="module")
def batch(scratch):
    return DiskBatch(chosen(), scratch, "little-memory")


@pytest.mark.xdist_group("little-memory")
@pytest.mark.parametrize("name", chosen())
def test_program_in_little_memory(name, batch):
    test_programs.compare(name, batch, same_free=False)

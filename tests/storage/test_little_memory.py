"""The programs of tests/programs on a machine whose memory is a few megabytes, with swap behind it
and their files on ext2: same output, same end, as with plenty of memory, and the books are in order.

In `make test` those whose subject is memory that goes and comes back; in `make soak` each. Those that
show what ext2 does not have, as on Linux, have their files in memory, and so in swap.
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
# What they may ask for is another thing here, as it goes by the size of memory and of swap; or they
# count frames one by one.
PARTICULAR = {"commit_policy", "mm_fork_refused", "oom_ends", "fail_walk_memory",
              "fail_walk_files", "fail_walk_descriptors", "fail_walk_sockets"}
# Room given in advance and taken back, names that change places, times of less than a second.
NOT_ON_EXT2 = {"file_extremes", "file_fallocate", "file_rename", "file_times", "mm_advice_effects",
               "mm_random_all", "mm_random_fork", "mm_random_lock"}


def chosen():
    names = [name for name in test_programs.NAMES if name not in PARTICULAR]
    if os.environ.get("LOFT_SOAK"):
        return names
    return [name for name in names if name.startswith(("swap_", "fork", "cow", "mm_fork"))]


class DiskBatch(test_programs.Batch):
    """A batch whose machine has the programs on a disk, which is its root, and swap on another; their
    folder may be a tmpfs."""

    def __init__(self, names, scratch, label, tmpfs):
        super().__init__(names, scratch, label)
        if tmpfs:
            self.files["tmpfs"] = ""

    def start(self, files, number):
        root = disk.ext2(self.scratch / f"{self.label}-{number}", 8 + len(files) * 2,
                         {"dev": None, "proc": None, "tmp": None, "swapon": "/dev/vdb\0", **files})
        swap = disk.swap(self.scratch / f"{self.label}-{number}-swap", SWAP)
        return loftvm.VM(f"programs-{self.label}-{number}", memory=MEMORY,
                         disks=[disk.Disk(root), disk.Disk(swap)],
                         append="root=/dev/vda rootfstype=ext2 rw init=/init quiet loglevel=1")


@pytest.fixture(scope="module")
def batches(scratch):
    """By whether their folder is in memory."""
    return {tmpfs: DiskBatch([name for name in chosen() if (name in NOT_ON_EXT2) == tmpfs], scratch,
                             "little-tmpfs" if tmpfs else "little-memory", tmpfs)
            for tmpfs in (False, True)}


def parameters():
    return [pytest.param(name, marks=pytest.mark.xdist_group(
        "little-tmpfs" if name in NOT_ON_EXT2 else "little-memory")) for name in chosen()]


@pytest.mark.parametrize("name", parameters())
def test_program_in_little_memory(name, batches):
    test_programs.compare(name, batches[name in NOT_ON_EXT2], same_free=False)

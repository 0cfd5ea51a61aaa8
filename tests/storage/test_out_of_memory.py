"""Where memory is out, and who waits for disks meanwhile: nobody ends who need not."""

import pytest

import disk
import loftvm


def begin(machine, name, command):
    """Runs a command in the background; what it says is in /tmp/NAME.said."""
    machine.must(f"rm -f /tmp/{name}.*; mkfifo /tmp/{name}.go; "
                 f"({command} </tmp/{name}.go >/tmp/{name}.said 2>&1; echo $? >/tmp/{name}.end) "
                 f"2>/dev/null & sleep 9999 >/tmp/{name}.go & "
                 f"until grep -q held /tmp/{name}.said; do sleep 0.1; done")


def test_victim_waits_for_a_disk(storage, images):
    """The one that is to end does so when its disk has answered: no other is taken for it."""
    slow = disk.Disk(disk.sparse(images / "slow", 4))
    machine = storage(memory=32, disks=[slow])
    begin(machine, "one", "tool stall 4000 /dev/vda")
    begin(machine, "two", "sh -c 'echo held; read word; tool hold 4000'")
    slow.stick()
    machine.must("echo >/tmp/one.go; sleep 0.3")
    # The prompt's programs need memory too: the machine is left alone with it.
    machine.machine.send("echo >/tmp/two.go\n")
    machine.machine.expect(r"out of memory: process \d+ \(tool\) killed, oom_score_adj 1000")
    slow.unstick()
    machine.machine.send("\n")
    machine.machine.expect(loftvm.PROMPT)
    machine.must("until grep -q pageout /tmp/two.said; do sleep 0.1; done; "
                 "echo >/tmp/two.go; until [ -s /tmp/two.end ]; do sleep 0.1; done", timeout=300)
    assert "0 wrong" in machine.must("cat /tmp/two.said")
    assert machine.must("cat /tmp/one.end").strip() == "137"
    assert machine.vmstat("oom_kill") == 1
    machine.ledger()


def test_dirty_files_are_waited_for(storage, images):
    """Memory full of dirty pages of a file, and no swap: whoever needs some waits until they are
    written, however slow the disk is, and nobody ends."""
    slow = disk.Disk(disk.ext2(images / "ext2", 64))
    machine = storage(memory=16, disks=[slow])
    machine.must("mount -t ext2 /dev/vda /mnt; cd /proc/sys/vm; echo 100 >dirty_ratio; "
                 "echo 99 >dirty_background_ratio; echo 360000 >dirty_expire_centisecs")
    slow.slow_down(20)
    begin(machine, "one", "sh -c 'echo held; read word; tool hold 1000'")
    machine.must("(tool dirty /mnt/file 24 >/tmp/dirty 2>&1; echo $? >/tmp/dirty.end) 2>/dev/null & "
                 "echo >/tmp/one.go; until grep -q pageout /tmp/one.said; do sleep 0.1; done; "
                 "echo >/tmp/one.go; until [ -s /tmp/one.end ]; do sleep 0.1; done; "
                 "until [ -s /tmp/dirty.end ]; do sleep 0.1; done", timeout=300)
    assert machine.must("cat /tmp/dirty") == "0 wrong\n"
    assert "0 wrong" in machine.must("cat /tmp/one.said")
    assert machine.vmstat("oom_kill") == 0
    slow.slow_down(0)
    machine.must("tool dirty /mnt/file 24; rm /mnt/file; umount /mnt", timeout=60)
    machine.ledger()
    good, output = disk.e2fsck(slow.path)
    assert good, output


WRITERS = 4


def write_files(machine, megabytes):
    """Several at once write a file each, of zeros, with small blocks and with large, with fsync."""
    machine.must("; ".join(
        f"(dd if=/dev/zero of=/mnt/{n}/file bs={'4k' if n % 2 else '256k'} conv=fsync "
        f"count={megabytes * (256 if n % 2 else 4)} >/tmp/{n}.said 2>&1; echo $? >/tmp/{n}.end) "
        "2>/dev/null & true" for n in range(WRITERS)))
    for n in range(WRITERS):
        machine.must(f"until [ -s /tmp/{n}.end ]; do sleep 0.1; done", timeout=300)
        assert machine.must(f"cat /tmp/{n}.end").strip() == "0", machine.must(f"cat /tmp/{n}.said")


@pytest.mark.parametrize("with_swap", [False, True])
def test_files_larger_than_memory(storage, images, with_swap):
    """Nobody who writes files, makes names and syncs hears that memory is out, also while programs
    fill what there is and go to swap."""
    image = disk.ext2(images / "ext2", 96, block_size=1024 if with_swap else 4096)
    machine = storage(memory=16, disks=[disk.Disk(image), disk.Disk(disk.swap(images / "swap", 64))])
    machine.must("mount -t ext2 /dev/vda /mnt; cd /mnt; mkdir " + " ".join(map(str, range(WRITERS))))
    if with_swap:
        machine.must("swapon /dev/vdb; (flood 12 >/tmp/flood 2>&1; echo $? >/tmp/flood.end) "
                     "2>/dev/null & true")
    write_files(machine, 12)
    machine.must("for n in $(seq 200); do echo $n >/mnt/1/name-of-a-file-$n || exit 1; done; sync; "
                 "for n in $(seq 200); do mv /mnt/1/name-of-a-file-$n /mnt/2/$n || exit 1; done; "
                 "truncate -s 1000001 /mnt/3/file; cat /mnt/*/file | md5sum; rm -r /mnt/2; sync",
                 timeout=300)
    if with_swap:
        machine.must("until [ -s /tmp/flood.end ]; do sleep 0.1; done", timeout=600)
        assert machine.must("cat /tmp/flood.end").strip() == "0", machine.must("cat /tmp/flood")
    assert machine.vmstat("oom_kill") == 0
    machine.must("cd /; umount /mnt", timeout=60)
    machine.ledger()
    good, output = disk.e2fsck(image)
    assert good, output

"""What reclaim takes and what it leaves: a scan of a large file does not push out what is in use, and
clean pages come free without being asked for."""

import re

import pytest

import disk

MEMORY = 24
SCANNED = 128                      # MB of the file that is read, five times the memory
USED = 8                           # MB that tool uses meanwhile, after each MB read


def waits_of(machine, what):
    output = machine.must(f"tool work {what} /dev/vda", timeout=300)
    found = re.search(r"(\d+) waits while (\d+) MB were read", output)
    assert found and int(found[2]) >= SCANNED, output
    return int(found[1])


def boot(storage, images, **arguments):
    disks = [disk.Disk(disk.sparse(images / "scanned", SCANNED)),
             disk.Disk(disk.swap(images / "swap", 64)),
             disk.Disk(disk.ext2(images / "ext2", 16))]
    machine = storage(memory=MEMORY, disks=disks, **arguments)
    machine.must("swapon /dev/vdb && mount -t ext2 /dev/vdc /mnt")
    return machine


@pytest.mark.parametrize("what", ["-", "/mnt/used"])
def test_scan_leaves_what_is_in_use(storage, images, what):
    """Of its own memory, and of a file, which is of the same class as the pages of the scan."""
    machine = boot(storage, images)
    machine.must(f"dd if=/dev/zero of=/mnt/used bs=1M count={USED}; sync", timeout=60)
    taken = machine.vmstat("pgsteal_file")
    waits = waits_of(machine, what)
    assert machine.vmstat("pgsteal_file") - taken > (SCANNED - MEMORY) * 200
    # 2048 pages are used 128 times.
    assert waits < 200, f"{waits} waits for pages in use"
    machine.ledger()


def test_scan_needs_no_swap(storage, images):
    """Pages read once are taken before those of programs that sleep."""
    machine = boot(storage, images)
    machine.hold("sleeper", 1024)
    machine.must("swapoff /dev/vdb && swapon /dev/vdb", timeout=60)
    machine.must("cat /dev/vda >/dev/null", timeout=300)
    assert machine.meminfo("SwapTotal") - machine.meminfo("SwapFree") < 1024
    assert machine.release("sleeper") == ("0 wrong\n", 0)
    machine.ledger()


LOCKED = 1536                      # pages of 16 MB


def flood(machine):
    """Pages looked at for each that was taken, while 32 MB of processes are swapped out and in."""
    before = {name: machine.vmstat(name) for name in ("pgscan_anon", "pgsteal_anon")}
    assert machine.must("flood 16", 600).count(", 0 wrong") == 6
    return ((machine.vmstat("pgscan_anon") - before["pgscan_anon"]) /
            (machine.vmstat("pgsteal_anon") - before["pgsteal_anon"]))


def swapped(machine):
    """KB of tool's memory that are in swap."""
    said = machine.must("grep -l '^Name:.tool$' /proc/[0-9]*/status | xargs grep VmSwap")
    return int(re.search(r"(\d+) kB", said)[1])


@pytest.mark.parametrize("policy", ["working-set", "second-chance"])
def test_locked_pages_are_not_looked_at(storage, images, policy):
    """They keep their content, are on no list that reclaim goes through, and leave when unlocked."""
    machine = storage(memory=16, disks=[disk.Disk(disk.swap(images / "swap", 64))],
                      append=f"quiet vm.policy={policy}")
    machine.must("swapon /dev/vda")
    machine.hold("locked", LOCKED, "lock")
    culled = machine.vmstat("unevictable_pgs_culled")
    assert machine.vmstat("nr_unevictable") == LOCKED
    assert flood(machine) < 3
    assert machine.vmstat("nr_unevictable") == machine.vmstat("nr_mlock") == LOCKED
    assert machine.meminfo("Mlocked") == machine.meminfo("Unevictable") == LOCKED * 4
    # None was among the others meanwhile.
    assert machine.vmstat("unevictable_pgs_culled") == culled
    assert swapped(machine) < LOCKED  # of its other pages: a quarter of what is locked
    machine.ledger()
    machine.must("echo >/tmp/locked.go; until grep -q unlock /tmp/locked.said; do sleep 0.1; done")
    assert machine.meminfo("Mlocked") == 0
    flood(machine)
    assert swapped(machine) > LOCKED * 2  # half of them
    assert machine.release("locked") == ("unlock: ok\n0 wrong\n", 0)
    machine.ledger()


def test_policy_is_chosen(storage, images):
    machine = boot(storage, images, append="quiet vm.policy=second-chance")
    waits_of(machine, "-")
    assert machine.vmstat("pgactivate") == 0
    assert machine.vmstat("pgscan_file") > (SCANNED - MEMORY) * 200
    machine.ledger()


def test_small_sysctls(storage):
    machine = storage(memory=64)
    assert machine.must("cat /proc/sys/vm/swappiness").strip() == "60"
    machine.must("echo 100 >/proc/sys/vm/swappiness")
    assert machine.must("cat /proc/sys/vm/swappiness").strip() == "100"
    output, status = machine.run("echo 201 >/proc/sys/vm/swappiness")
    assert status and "nvalid" in output
    low = int(machine.must("cat /proc/sys/vm/min_free_kbytes"))
    assert 64 <= low <= 1024
    machine.must("echo 512 >/proc/sys/vm/min_free_kbytes")
    assert machine.must("cat /proc/sys/vm/min_free_kbytes").strip() == "512"
    assert machine.meminfo("Active") == (machine.meminfo("Active(anon)") +
                                         machine.meminfo("Active(file)"))

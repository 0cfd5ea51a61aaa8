"""Debian's programs with their root on ext2 and swap behind it.

tcc and sqlite3 on 32 MB: what they make is what they make on the host. A database of 5 MB, or, in
`make soak`, of 50. stress-ng with twice the memory of a machine of 64 MB, each stressor on a machine of
its own, for three seconds, or for 100: ten minutes of them all.
"""

import os
import re

import pytest

import disk
import loftvm
import sidebyside

IMAGE = loftvm.ROOT / "build" / "tests" / "debian.cpio"
STRESS = loftvm.ROOT / "build" / "tests" / "stress.cpio"
SECONDS = 100 if os.environ.get("LOFT_SOAK") else 3
ROWS = 500000 if os.environ.get("LOFT_SOAK") else 50000

SCRIPT = f"""\
echo "== compile"
awk 'BEGIN {{ for (i = 0; i < 3000; i++) {{
	printf "int f%d(int a) {{ int b[8], i; for (i = 0; i < 8; i++) b[i] = a * %d + i;", i, i
	printf " return b[a & 7] ^ %d; }}\\n", i * 7919 }}
	print "#include <stdio.h>\\nint main(void) {{ unsigned s = 0;"
	for (i = 0; i < 3000; i++) printf "s = s * 31 + f%d(%d);\\n", i, i
	print "printf(\\"%u\\\\n\\", s); return 0; }}" }}' >many.c
tcc -o many many.c && ./many; md5sum many.c many
echo "== database"
sqlite3 base "PRAGMA cache_size = 2000; CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b INTEGER);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {ROWS})
INSERT INTO t SELECT i, hex(i * 2654435761) || ' a row that has some length, so that it counts, ' || i,
(i * 40503) % 10007 FROM n; CREATE INDEX by_b ON t (b);"
sqlite3 base "SELECT count(*), sum(b), min(a), max(a) FROM t; PRAGMA integrity_check;
SELECT b, count(*) FROM t GROUP BY b ORDER BY 2 DESC, 1 LIMIT 5;
SELECT a FROM t WHERE b = 77 ORDER BY id LIMIT 3;"
sqlite3 base "UPDATE t SET b = b + 1 WHERE id % 3 = 0; DELETE FROM t WHERE id % 5 = 0;
SELECT sum(b), count(*) FROM t; PRAGMA integrity_check;"
md5sum base
"""


def machine_on(name, root, memory, scratch):
    """A machine with that root, 256 MB of swap, and a prompt."""
    swap = disk.swap(scratch / f"{name}-swap", 256)
    machine = loftvm.VM(name, memory=memory, disks=[disk.Disk(root), disk.Disk(swap)],
                        append="root=/dev/vda rootfstype=ext2 rw init=/init quiet loglevel=1")
    machine.expect(loftvm.PROMPT)
    machine.run("swapon /dev/vdb")
    return machine


def leave(machine):
    """The books are in order, all that is in swap comes back, and the root is clean."""
    ledger, _ = machine.run("tail -n 1 /proc/loft/ledger")
    assert ledger.strip() == "ok", ledger
    assert machine.run("swapoff /dev/vdb", timeout=600)[1] == 0
    machine.run("mount -o remount,ro /")


def test_tcc_and_sqlite_in_little_memory(scratch):
    tree = scratch / "little-tree"
    sidebyside.unpack(IMAGE, tree)
    (tree / "script").write_text(SCRIPT)
    root = disk.ext2(scratch / "little-root", 256 + ROWS // 2500, tree)
    with machine_on("tcc-sqlite", root, 32, scratch) as machine:
        machine.run(sidebyside.command(["sh"], "/script"), timeout=1800)
        output, status = machine.run("cat /tmp/out")
        assert status == 0, output
        leave(machine)
    host = sidebyside.Host(tree)
    expected = host.run(["sh"], "/script").decode()
    assert output.count("\nok\n") == 2 and "[status 0]" in output, output
    assert output == expected, "Loft (left) and Linux (right) disagree"
    good, said = disk.e2fsck(root)
    assert good, said


# The pages of each are twice as many as there is memory for; bigheap takes what there is.
STRESSORS = {"vm": "--vm 2 --vm-bytes 128m --vm-method all --vm-keep", "mmap": "--mmap 1 "
             "--mmap-bytes 128m", "bigheap": "--bigheap 1 --bigheap-growth 4m", "page-in": "--vm 1 "
             "--vm-bytes 128m --page-in --vm-method incdec", "fork": "--fork 4 --vm 1 --vm-bytes 100m",
             "stack": "--stack 2 --stack-fill"}


@pytest.fixture(scope="module")
def stress_tree(scratch):
    sidebyside.unpack(STRESS, scratch / "stress-tree")
    return scratch / "stress-tree"


@pytest.mark.parametrize("stressor", STRESSORS)
def test_stress_with_twice_the_memory(scratch, stress_tree, stressor):
    root = disk.ext2(scratch / f"stress-{stressor}", 192, stress_tree)
    with machine_on(f"stress-swap-{stressor}", root, 64, scratch) as machine:
        output, status = machine.run(f"cd /tmp; stress-ng {STRESSORS[stressor]} -t {SECONDS} --verify",
                                     timeout=300 + 10 * SECONDS)
        assert status == 0 and not re.search("fail", output), output
        leave(machine)
    good, said = disk.e2fsck(root)
    assert good, said

"""Where memory is out, and who waits for disks meanwhile: nobody ends who need not."""

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

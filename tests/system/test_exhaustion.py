"""What fuzz found, made on purpose: mounts on top of each other, clocks before the boot, and who
ends when memory is out.
"""


def test_mount_on_a_covered_root(shell):
    machine = shell()
    machine.run("mkdir -p /tmp/x/bin; cp /bin/busybox /tmp/x/bin")
    output, status = machine.run(
        "chroot /tmp/x /bin/busybox sh -c 'for i in 1 2 3; do busybox mount -t tmpfs m$i /; done'")
    assert status == 0, output
    output, status = machine.run("grep -c ' /tmp/x ' /proc/mounts; umount /tmp/x /tmp/x /tmp/x; "
                                 "ls /tmp/x")
    assert output.split() == ["3", "bin"], output


def test_lazy_unmount_takes_what_is_beneath(shell):
    machine = shell()
    before = machine.run("cat /proc/mounts")
    machine.run("mkdir /tmp/x; mount -t tmpfs a /tmp/x; mkdir /tmp/x/y; mount -t tmpfs b /tmp/x/y")
    assert machine.run("umount -l /tmp/x && cat /proc/mounts") == before


def test_wall_time_before_the_boot_is_refused(shell):
    machine = shell()
    output, _ = machine.run("sleep 2; date -s @0")
    assert "Invalid argument" in output, output
    assert machine.run("date -s @1000000000 >/dev/null; date +%Y") == ("2001\n", 0)


def test_the_largest_process_ends(shell):
    """tail keeps all of a line in its memory; the shells and process 1 live on."""
    machine = shell(memory=16, append="quiet")
    output, status = machine.run("echo $$; (tail /dev/zero; echo tail $?); echo $$")
    words = output.split()
    assert status == 0 and words[0] == words[-1] and "137" in words, output
    assert "out of memory" in machine.run("dmesg")[0]


def test_lazily_unmounted_memory_comes_back_with_its_last_user(shell):
    """No other mount or umount is needed for that."""
    machine = shell()
    cached = "grep page_cache /proc/loft/ledger"
    machine.run("mkdir /tmp/x")
    before = machine.run(cached)
    machine.run("mount -t tmpfs a /tmp/x; cd /tmp/x; dd if=/dev/zero of=big bs=1M count=4; "
                "sleep 1000 & cd /; umount -l /tmp/x")
    assert machine.run(cached) != before
    machine.run("kill %1; wait")
    assert machine.run(cached) == before


def eat(machine, adj):
    """A shell that fills memory, with an oom_score_adj: how it ended."""
    output, _ = machine.run(f"(echo {adj} >/proc/self/oom_score_adj; exec tail /dev/zero); "
                            "echo ended $?")
    return output


def test_the_log_says_who_ends_and_why(shell):
    machine = shell(memory=24, append="quiet")
    assert "ended 137" in eat(machine, 0)
    log = machine.run("dmesg")[0]
    assert "oom: tail (" in log and "finds no memory" in log, log
    assert "out of memory: process" in log and "(tail) killed, oom_score_adj 0" in log, log
    rows = [line.split() for line in log.split("\n") if line.endswith(" tail") and "oom:" in line]
    assert len(rows) == 1, log
    frees = int(rows[0][-3])
    assert 8 << 10 < frees < 24 << 10, log
    assert machine.run("cat /proc/loft/ledger")[0].rstrip().endswith("ok")


def test_oom_score_adj_decides(shell):
    """A small process that is marked ends before the large one; one that is spared does not end."""
    machine = shell(memory=24, append="quiet")
    machine.run("sleep 1000 & marked=$!; echo 1000 >/proc/$marked/oom_score_adj; "
                "sleep 1001 & spared=$!; echo -1000 >/proc/$spared/oom_score_adj")
    assert "ended 137" in eat(machine, -500)
    assert machine.run("kill -0 $marked")[1] != 0
    assert machine.run("kill -0 $spared")[1] == 0
    log = machine.run("dmesg | grep killed")[0].split("\n")
    assert "(sleep) killed, oom_score_adj 1000" in log[0], log
    assert "(tail) killed, oom_score_adj -500" in log[-2], log


def test_who_asks_ends_if_it_is_so_wished(shell):
    machine = shell(memory=24, append="quiet")
    machine.run("sleep 1000 & marked=$!; echo 1000 >/proc/$marked/oom_score_adj; "
                "echo 1 >/proc/sys/vm/oom_kill_allocating_task; "
                "echo 0 >/proc/sys/vm/oom_dump_tasks")
    assert "ended 137" in eat(machine, -900)
    assert machine.run("kill -0 $marked")[1] == 0
    assert "adj  name" not in machine.run("dmesg")[0]


def test_panic_on_oom(shell):
    machine = shell(memory=24, append="quiet")
    machine.run("echo 1 >/proc/sys/vm/panic_on_oom")
    machine.send("tail /dev/zero\n")
    machine.expect(r"panic: out of memory: vm.panic_on_oom is 1", panic=True)

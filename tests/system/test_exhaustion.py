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

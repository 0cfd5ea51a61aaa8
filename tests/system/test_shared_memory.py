"""Shared memory as a user of the image meets it: /dev/shm is there, and is bounded."""

import pytest
import loftvm


@pytest.mark.parametrize("image", ["root.cpio", "root-own.cpio"])
def test_dev_shm(shell, image):
    machine = shell(initrd=loftvm.BUILD / image)
    machine.send("cat /proc/mounts\n")
    machine.expect(r"^tmpfs /dev/shm tmpfs rw,nosuid,nodev,relatime 0 0\n")


def test_dev_shm_is_for_all_and_bounded(shell):
    machine = shell()
    assert machine.run("stat -c %a:%u /dev/shm") == ("1777:0\n", 0)
    output, status = machine.run("mount -o remount,size=100k /dev/shm; cd /dev/shm; "
                                 "dd if=/dev/zero of=big bs=1k count=200; stat -c %s big; "
                                 "df -k . | tail -1; rm big; cd; df -k /dev/shm | tail -1")
    assert "No space left" in output and "\n102400\n" in output, output
    assert output.split()[-2] == "0%", output
    assert status == 0

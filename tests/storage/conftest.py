"""What the tests of disks, of what is on them and of swap share."""

import re
import shutil

import pytest

import disk
import loftvm


class Storage:
    """A machine with disks, at a shell's prompt, and what is looked at again and again."""

    def __init__(self, machine):
        self.machine = machine
        self.run = machine.run

    def must(self, command, timeout=loftvm.PATIENCE):
        """Runs a command that must end with 0. Returns its output."""
        output, status = self.machine.run(command, timeout)
        assert status == 0, f"{command}: {status}\n{output}"
        return output

    def number(self, path, name):
        """The number behind a name in a file of /proc."""
        text = self.must(f"grep '^{name}' {path}")
        return int(re.search(r"(\d+)", text[len(name):])[1])

    def vmstat(self, name):
        return self.number("/proc/vmstat", name + " ")

    def meminfo(self, name):
        return self.number("/proc/meminfo", name + ":")

    def swap_used(self):
        """KB of each area by its device."""
        lines = self.must("cat /proc/swaps").splitlines()[1:]
        return {line.split()[0].removeprefix("/dev/"): int(line.split()[3]) for line in lines}

    def hold(self, name, npages, how="hold"):
        """A process that fills memory and asks it to leave. Under way until it is released. how:
        "crowd", a number of processes that have it in common."""
        self.must(f"rm -f /tmp/{name}.*; mkfifo /tmp/{name}.go; "
                  f"(tool {how} {npages} </tmp/{name}.go >/tmp/{name}.said 2>&1; "
                  f"echo $? >/tmp/{name}.end) 2>/dev/null & sleep 9999 >/tmp/{name}.go & "
                  f"until grep -q held /tmp/{name}.said; do sleep 0.1; done")

    def release(self, name):
        """Lets it verify its memory: what it says, and how it ends (signals count from 128 on)."""
        self.must(f"echo >/tmp/{name}.go; until [ -s /tmp/{name}.end ]; do sleep 0.1; done",
                  timeout=300)
        said = self.must(f"cat /tmp/{name}.said")
        return said.split("held\n")[1], int(self.must(f"cat /tmp/{name}.end"))

    def ledger(self):
        """The free frames; fails if the ledger does not balance."""
        text = self.must("cat /proc/loft/ledger", timeout=600)
        assert re.search(r"^ok$", text, re.MULTILINE), text
        return int(re.search(r"^free (\d+)$", text, re.MULTILINE)[1])

    def swap_is_unused(self):
        """No slot is in use but those that the machine's own long-lived programs have."""
        used = self.meminfo("SwapTotal") - self.meminfo("SwapFree")
        assert used < 4096, f"{used} KB of swap are still in use"


@pytest.fixture(scope="session")
def root(scratch):
    """The usual image with `tool` in it."""
    return loftvm.cpio_with(scratch / "root.cpio", loftvm.BUILD / "root.cpio",
                            {"bin/tool": loftvm.ROOT / "build" / "tests" / "tool"})


@pytest.fixture
def storage(shell, root):
    """A function that boots a machine with VM's arguments and gives a Storage at its prompt."""

    def start(**arguments):
        arguments.setdefault("append", "quiet")
        arguments.setdefault("initrd", root)
        return Storage(shell(**arguments))

    return start


@pytest.fixture
def images(tmp_path):
    """A folder for images, which are large: gone with the test."""
    yield tmp_path
    shutil.rmtree(tmp_path, ignore_errors=True)


@pytest.fixture(params=disk.CONTROLLERS)
def controller(request):
    return request.param

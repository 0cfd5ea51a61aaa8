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

    def ledger(self):
        """The free frames; fails if the ledger does not balance."""
        text = self.must("cat /proc/loft/ledger", timeout=600)
        assert re.search(r"^ok$", text, re.MULTILINE), text
        return int(re.search(r"^free (\d+)$", text, re.MULTILINE)[1])

    def swap_is_unused(self):
        """No slot is in use but those that the machine's own long-lived programs have."""
        used = self.meminfo("SwapTotal") - self.meminfo("SwapFree")
        assert used < 4096, f"{used} KB of swap are still in use"


@pytest.fixture
def storage(shell):
    """A function that boots a machine with VM's arguments and gives a Storage at its prompt."""

    def start(**arguments):
        arguments.setdefault("append", "quiet")
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

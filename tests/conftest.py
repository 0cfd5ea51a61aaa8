"""What all tests share: the VM fixture, and the order of the day."""

import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import loftvm  # noqa: E402


@pytest.fixture
def boot(request):
    """A function that boots a VM with loftvm.VM's arguments; the VM ends with the test."""
    machines = []

    def start(**arguments):
        name = request.node.nodeid.split("::", 1)[-1]
        if machines:
            name += f"-{len(machines) + 1}"
        machine = loftvm.VM(name, **arguments)
        machines.append(machine)
        return machine

    yield start
    for machine in machines:
        machine.close()


@pytest.fixture
def shell(boot):
    """A function that boots the usual image, or the one given, to a shell's prompt."""

    def start(**arguments):
        arguments.setdefault("initrd", loftvm.BUILD / "root.cpio")
        machine = boot(**arguments)
        machine.expect(loftvm.PROMPT)
        return machine

    return start


@pytest.fixture(scope="session")
def scratch(tmp_path_factory):
    folder = tmp_path_factory.mktemp("loft")
    yield folder
    shutil.rmtree(folder, ignore_errors=True)

"""Each of tests/programs/ on the host's own Linux first, and then on Loft: same output, same
end, as many free frames after as before, and a frame ledger that balances.

A program is a C file of its own. Its first line may hold `CFLAGS: ...` for the compiler (see
tests.mk) and `EXPECT: NAME` names a file beside it with the output that is right, for what the
host's Linux would not answer the same way.

All programs of a batch run in one machine, one after the other (system/testinit.c). If the
kernel dies under one of them, the rest run in a new machine.
"""

import os
import re
import resource
import signal
import subprocess
import tempfile
from pathlib import Path

import pytest

import loftvm

PROGRAMS = loftvm.ROOT / "tests" / "programs"
# Where tests.mk puts the compiled ones: the same for every KERNEL_VMA.
BINARIES = loftvm.ROOT / "build" / "tests"
TIME_LIMIT = 60
BATCHES = 2

NAMES = sorted(path.stem for path in PROGRAMS.glob("*.c"))
END = re.compile(r"^@end (?P<name>\S+) (?P<how>exit|signal) (?P<number>\d+) "
                 r"free (?P<before>\d+) (?P<after>\d+) ledger (?P<ledger>.*)$", re.MULTILINE)


def first_line(name):
    with open(PROGRAMS / f"{name}.c") as source:
        return source.readline()


def visible(output):
    """Output as testinit shows it."""
    text = "".join("\\\\" if byte == 0x5c else
                   chr(byte) if byte == 0x0a or 0x20 <= byte <= 0x7e else
                   f"\\x{byte:02x}" for byte in output)
    return text if not text or text.endswith("\n") else text + "\\\n"


class Outcome:
    def __init__(self, output, how, number):
        self.output, self.how, self.number = output, how, number

    def __str__(self):
        return f"{self.output}[{self.how} {self.number}]"


def like_loft():
    """Limits and signals that a program can see are Loft's, whatever this shell's are."""
    hard = resource.getrlimit(resource.RLIMIT_STACK)[1]
    resource.setrlimit(resource.RLIMIT_STACK, (8 << 20, hard))
    for one in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
        signal.signal(one, signal.SIG_DFL)


def expected_of(name):
    """What a program does: on the host, or as its file says."""
    expected = re.search(r"EXPECT: (\S+)", first_line(name))
    if expected:
        return Outcome(visible((PROGRAMS / expected[1]).read_bytes()), "exit", 0)
    return run_on_host(name)


def run_on_host(name):
    with tempfile.TemporaryDirectory(prefix="loft-") as folder:
        done = subprocess.run([name], executable=BINARIES / name, cwd=folder,
                              env={"PATH": "/bin:/usr/bin"}, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=TIME_LIMIT, start_new_session=True, preexec_fn=like_loft)
    if done.returncode < 0:
        return Outcome(visible(done.stdout), "signal", -done.returncode)
    return Outcome(visible(done.stdout), "exit", done.returncode)


class Batch:
    """The programs that share a machine, and what became of each."""

    def __init__(self, names, scratch, label):
        self.names, self.scratch, self.label = names, scratch, label
        self.files = {}     # more in the initramfs
        self.results = None

    def result(self, name):
        """A match of END and the output for a program, or the error that ended the machine."""
        if self.results is None:
            self.results = {}
            self._run_all()
        return self.results[name]

    def _run_all(self):
        left, machines = list(self.names), 0
        while left:
            machines += 1
            left = self._run(left, machines)

    def start(self, files, number):
        """A machine with these files."""
        archive = loftvm.cpio(self.scratch / f"{self.label}-{number}.cpio", files)
        return loftvm.VM(f"programs-{self.label}-{number}", initrd=archive, memory=256,
                         append="quiet loglevel=1")

    def _run(self, names, number):
        """Runs programs in one machine. Returns those that it did not come to."""
        files = {"init": BINARIES / "testinit", "list": "\n".join(names)}
        files.update({f"tests/{name}": BINARIES / name for name in names})
        files.update(self.files)
        with self.start(files, number) as machine:
            for at, name in enumerate(names):
                try:
                    self._take(machine, name)
                except loftvm.LoftError as error:
                    self.results[name] = error
                    return names[at + 1:]
            return []

    def _take(self, machine, name):
        machine.expect(rf"^@begin {re.escape(name)}\n")
        start = machine.at
        machine.expect(r"^@end ", timeout=10 * TIME_LIMIT)
        machine.expect(r"\n")
        text = machine.text[start:machine.at]
        output = "".join(line[2:] for line in text.splitlines(True) if line.startswith("| "))
        self.results[name] = (END.search(text), output)


@pytest.fixture(scope="session")
def batches(scratch, request):
    """The chosen programs, dealt out to as many machines as run side by side."""
    chosen = [item.callspec.params["name"] for item in request.session.items
              if item.function is test_program]
    dealt = [[name for name in chosen if batch_of(name) == index] for index in range(BATCHES)]
    return [Batch(names, scratch, str(index)) for index, names in enumerate(dealt)]


def batch_of(name):
    return NAMES.index(name) % BATCHES


def parameters():
    return [pytest.param(name, marks=pytest.mark.xdist_group(f"programs-{batch_of(name)}"))
            for name in NAMES]


@pytest.mark.parametrize("name", parameters())
def test_program(name, batches):
    compare(name, batches[batch_of(name)])


def compare(name, batch, same_free=True):
    """Fails if a program of a batch did not do what it does on the host; or, unless told that it
    cannot be known, if another number of frames was free afterwards."""
    assert os.access(BINARIES / name, os.X_OK), f"{name} is not built: make test-programs"
    expected = expected_of(name)
    result = batch.result(name)
    if isinstance(result, Exception):
        raise result
    end, output = result
    assert end, f"no word of how {name} ended"
    seen = Outcome(output, end["how"], int(end["number"]))
    assert str(seen) == str(expected), "Loft (left) and Linux (right) disagree"
    assert int(end["before"]) > 0, "the ledger says how many frames are free"
    if same_free:
        assert end["before"] == end["after"], "free frames before and after, each time it ran"
    assert end["ledger"] == "ok"

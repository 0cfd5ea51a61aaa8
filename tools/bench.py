#!/usr/bin/env python3
"""Counts the instructions that system calls and page faults take, on Loft and on Debian's kernel.

    tools/bench.py                              every row, Loft beside Debian
    tools/bench.py --rows NAME[,NAME...]        only these
    tools/bench.py --loft-only                  does not ask for Debian's kernel
    tools/bench.py --profile NAME               the row's instructions by function of the kernel
    tools/bench.py --profile NAME --of FUNCTION the function's instructions, with how often each ran
    tools/bench.py --check                      ends with 1 when a goal is not met

One static program (tools/bench/) is process 1 of a machine of 256 MB in which QEMU's -icount
makes the time-stamp counter count instructions: the same each time, whatever the host does. It
runs on build/loft.elf (or --build DIR) and on the kernel of Debian's package linux-image-686,
which is fetched, and whose figures are kept in build/bench until the program or the kernel changes.
The rows and their goals are in tools/bench/rows.txt, the program's parts say what exactly is done.

What such counts hide: a `rep` instruction counts one for each iteration, and a TLB miss, a load of
CR3 and a slow instruction no more than any other.

The ordinary way to build first is `make bench`; `make build/loft.elf build/bench/init
build/bench/bench-exit && tools/bench.py --rows fork_exit_wait_64m --loft-only` is the quick one.
"""
import argparse
import bisect
import collections
import hashlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PARTS = ROOT / "build" / "bench"
QEMU = ["qemu-system-i386", "-accel", "tcg", "-icount", "shift=0,sleep=off", "-cpu",
        "qemu32,+rdrand", "-m", "256", "-nodefaults", "-display", "none", "-no-reboot"]
CMDLINE = "console=ttyS0 panic=-1 quiet"
# Without what distributions turn on and the row is not about.
DEBIAN_CMDLINE = ("mitigations=off nokaslr norandmaps init_on_alloc=0 "
                  "randomize_kstack_offset=off hardened_usercopy=off lsm=capability audit=0 "
                  "cgroup_disable=memory nowatchdog preempt=none transparent_hugepage=never")
SECONDS = 600
ABOVE_PROGRAM = 0x10000000      # the program is linked below, every kernel above


# ---- the rows

class Row:
    """A line of rows.txt."""

    def __init__(self, line):
        self.name, goal, self.what = (field.strip() for field in line.split("|"))
        self.higher_is_better = goal.startswith(">")
        goal = goal.lstrip("> ")
        self.goal = None if goal == "-" else float(goal)

    def met(self, figure):
        if self.goal is None:
            return None
        return figure >= self.goal if self.higher_is_better else figure <= self.goal


def read_rows():
    lines = (ROOT / "tools/bench/rows.txt").read_text().splitlines()
    return [Row(line) for line in lines if line and not line.startswith("#")]


# ---- running

def newc(name, data):
    fields = (1, 0o100755, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0)
    head = b"070701" + b"".join(b"%08X" % field for field in fields) + name.encode() + b"\0"
    return head + bytes(-len(head) % 4) + data + bytes(-len(data) % 4)


def archive():
    return (newc("init", (PARTS / "init").read_bytes())
            + newc("bench-exit", (PARTS / "bench-exit").read_bytes()) + newc("TRAILER!!!", b""))


def command(kernel, folder, words):
    initrd = Path(folder) / "bench.cpio"
    initrd.write_bytes(archive())
    return [*QEMU, "-kernel", str(kernel), "-initrd", str(initrd),
            "-append", " ".join([CMDLINE, *words])]


def run(kernel, words):
    """What the program said."""
    with tempfile.TemporaryDirectory(prefix="loft-bench-") as folder:
        said = subprocess.run([*command(kernel, folder, words), "-serial", "stdio"],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, timeout=SECONDS, check=False).stdout
    text = said.decode("utf-8", "replace").replace("\r", "")
    if "@done" not in text:
        sys.exit(f"bench: the program did not come to its end on {kernel}:\n{text[-3000:]}")
    return text


def figures(text):
    """{row: figure}"""
    return {name: float(figure)
            for name, figure in re.findall(r"^@row (\w+) ([0-9.]+)$", text, re.MULTILINE)}


def debian_kernel():
    found = subprocess.run([ROOT / "tools/bench/debian-kernel.sh"], stdout=subprocess.PIPE,
                           text=True, check=False)
    if found.returncode:
        sys.exit("bench: without Debian's kernel there is only --loft-only")
    return ROOT / found.stdout.strip()


def debian_figures():
    """Those kept from an earlier run of the same program and kernel, or new ones."""
    kernel = debian_kernel()
    key = hashlib.sha256(archive() + kernel.name.encode() + DEBIAN_CMDLINE.encode()).hexdigest()
    kept = PARTS / f"debian-{key[:16]}.txt"
    if not kept.exists():
        print(f"Measuring on {kernel.name}; this takes a minute and is not repeated.",
              file=sys.stderr)
        text = run(kernel, DEBIAN_CMDLINE.split())
        kept.write_text(text)
    return figures(kept.read_text())


# ---- the table

def shown(figure):
    if figure is None:
        return ""
    return f"{figure:,.1f}" if figure < 1000 else f"{figure:,.0f}"


def verdict(row, figure):
    met = row.met(figure)
    return "" if met is None else "met" if met else "NOT MET"


def print_rows(rows, loft, debian):
    """True if every goal is met."""
    head = f"{'instructions for each':22} {'Loft':>10} {'Debian':>10} {'ratio':>6} {'goal':>8}"
    print(f"{head}  {'':8} what")
    for row in rows:
        ours, theirs = loft[row.name], debian.get(row.name)
        ratio = f"{ours / theirs:.2f}" if theirs else ""
        print(f"{row.name:22} {shown(ours):>10} {shown(theirs):>10} {ratio:>6} "
              f"{shown(row.goal):>8}  {verdict(row, ours):8} {row.what}")
    return all(row.met(loft[row.name]) is not False for row in rows)


# Each returns a function of a kernel's figures.

def per_page(small, large, pages):
    """Instructions for each of so many pages more."""
    return lambda of: (of[large] - of[small]) / pages


def of_whole(small, small_pages, large, large_pages):
    """The same for rows that are for each page already."""
    return lambda of: ((of[large] * large_pages - of[small] * small_pages)
                       / (large_pages - small_pages))


def times(small, large):
    return lambda of: of[large] / of[small]


GROWTH = [      # what, how, goal
    ("fork: instructions for each page touched, 0 to 64 MB",
     per_page("fork_exit_wait_0", "fork_exit_wait_64m", 16384), 20),
    ("mmap: instructions for each page, 1 page to 64 MB",
     per_page("mmap_call_1p", "mmap_call_64m", 16383), None),
    ("fault: instructions for each page, 1 MB to 64 MB",
     of_whole("anon_write_fault", 256, "anon_seq_max", 16384), None),
    ("munmap: instructions for each page touched, 1 MB to 64 MB",
     of_whole("munmap_touched_1m", 256, "munmap_touched_64m", 16384), None),
    ("mmap: times as many among 10,000 mappings as among 10",
     times("mmap_among_10", "mmap_among_10000"), None),
    ("fault: times as many among 10,000 mappings as among 10",
     times("fault_among_10", "fault_among_10000"), None),
    ("munmap: times as many among 10,000 mappings as among 10",
     times("munmap_among_10", "munmap_among_10000"), None),
]


def print_growth(loft, debian):
    """True if every goal is met."""
    print(f"\n{'how it grows':58} {'Loft':>8} {'Debian':>8} {'goal':>6}")
    met = True
    for what, grown, goal in GROWTH:
        theirs = f"{grown(debian):8.2f}" if debian else ""
        said = "" if goal is None else "met" if grown(loft) <= goal else "NOT MET"
        met = met and said != "NOT MET"
        print(f"{what:58} {grown(loft):8.2f} {theirs:>8} {goal or '':>6}  {said}".rstrip())
    return met


# ---- the profile

class Profile:
    """A machine that logs each instruction of one sample of a row.

    The program says that it is about to take the sample and waits, awake, for a byte; QEMU
    then executes one instruction at a time (`singlestep`) and logs the address of each. The
    sample is what lies between two calls of the program's counter().
    """

    def __init__(self, kernel, name, make=command):
        self.folder = tempfile.TemporaryDirectory(prefix="loft-bench-")
        self.log = Path(self.folder.name) / "log"
        monitor = Path(self.folder.name) / "monitor"
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(monitor))
            listener.listen(1)
            words = [*make(kernel, self.folder.name, ["+profile", "+" + name]),
                     "-serial", "stdio", "-D", str(self.log),
                     "-monitor", f"unix:{monitor},server=off"]
            self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                            stderr=subprocess.DEVNULL, text=True)
            self.monitor = listener.accept()[0]
        self.expect("@ready")
        for order in ("singlestep on", "log exec"):
            self.order(order)
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        self.expect("@profiled")
        self.operations = float(self.expect("@operations").split()[1])
        self.order("log none")
        self.process.kill()
        self.process.wait()
        self.monitor.close()

    def expect(self, wanted):
        for line in self.process.stdout:
            if wanted in line:
                return line
        sys.exit(f"bench: the program ended before it said {wanted}")

    def order(self, text):
        """A command of QEMU's monitor; returns when its next prompt is there."""
        self.monitor.sendall(text.encode() + b"\n")
        answer = b""
        while not (text.encode() in answer and answer.rstrip().endswith(b"(qemu)")):
            answer += self.monitor.recv(4096)

    def addresses(self):
        """Each executed instruction's, of the sample."""
        entry = symbols(PARTS / "init")["counter"]
        calls = 0
        with open(self.log, encoding="ascii", errors="replace") as log:
            for line in log:
                found = re.search(r"\[[0-9a-f]+/([0-9a-f]+)/", line)
                if not found or not line.startswith("Trace"):
                    continue
                address = int(found[1], 16)
                calls += address == entry
                if calls == 2:
                    return
                if calls:
                    yield address


def symbols(path):
    """{function: address} of an ELF file"""
    lines = subprocess.run(["nm", path], capture_output=True, text=True,
                           check=True).stdout.splitlines()
    fields = (line.split() for line in lines)
    return {words[2]: int(words[0], 16) for words in fields
            if len(words) == 3 and words[1] in "tTwW"}


def print_function(kernel, name, function, make=command):
    profile = Profile(kernel, name, make)
    times = collections.Counter(profile.addresses())
    text = subprocess.run(["objdump", "-d", "--no-show-raw-insn", f"--disassemble={function}",
                           kernel], capture_output=True, text=True, check=True).stdout
    for line in text.splitlines():
        address, _, instruction = line.partition(":")
        executed = times[int(address, 16)] if re.fullmatch(r"\s*[0-9a-f]+", address) else 0
        if executed:
            print(f"{executed / profile.operations:8.2f}  {address}{instruction}")


def print_profile(kernel, name, make=command):
    profile = Profile(kernel, name, make)
    places = sorted((address, function) for function, address in symbols(kernel).items()
                    if address >= ABOVE_PROGRAM)
    starts = [address for address, _ in places]
    inside, calls = collections.Counter(), collections.Counter()
    for address in profile.addresses():
        at = bisect.bisect_right(starts, address) - 1
        function = places[at][1] if at >= 0 else "(the program)"
        inside[function] += 1
        calls[function] += at >= 0 and starts[at] == address
    count = profile.operations
    print(f"{name}: {sum(inside.values()) / count:,.1f} instructions for each of {count:.0f} "
          f"operations\n{'instructions':>14} {'times entered':>14}")
    for function, executed in inside.most_common():
        print(f"{executed / count:14,.2f} {calls[function] / count:14,.2f}  {function}")


# ---- the command

def parse(arguments):
    what = argparse.ArgumentParser(description=__doc__,
                                   formatter_class=argparse.RawDescriptionHelpFormatter)
    what.add_argument("--rows", help="names, with a comma between two")
    what.add_argument("--loft-only", action="store_true", help="without Debian's kernel")
    what.add_argument("--profile", metavar="NAME", help="a row's instructions by function")
    what.add_argument("--of", metavar="FUNCTION", help="one function of the profile")
    what.add_argument("--check", action="store_true", help="end with 1 if a goal is not met")
    what.add_argument("--build", type=Path, default=ROOT / "build", help="where loft.elf is")
    return what.parse_args(arguments)


def main(arguments):
    options = parse(arguments)
    kernel = options.build / "loft.elf"
    rows = read_rows()
    named = options.profile or options.rows
    wanted = named.split(",") if named else [row.name for row in rows]
    unknown = set(wanted) - {row.name for row in rows}
    if unknown:
        sys.exit(f"bench: no such row: {', '.join(sorted(unknown))}; see tools/bench/rows.txt")
    if options.profile and options.of:
        print_function(kernel, options.profile, options.of)
        return 0
    if options.profile:
        print_profile(kernel, options.profile)
        return 0
    chosen = [row for row in rows if row.name in wanted]
    loft = figures(run(kernel, ["+" + name for name in wanted] if options.rows else []))
    debian = {} if options.loft_only else debian_figures()
    met = print_rows(chosen, loft, debian)
    if not options.rows:
        met = print_growth(loft, debian) and met
    return 1 if options.check and not met else 0


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    sys.exit(main(sys.argv[1:]))

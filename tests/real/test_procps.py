"""Debian's procps on Loft: what vmstat, free, pmap, top and ps show is true.

Their figures are compared with the kernel's own files, read in the same moment, and with what
the programs that they look at are known to do.
"""

import re
import time

import loftvm
import pytest

IMAGE = loftvm.ROOT / "build" / "tests" / "debian.cpio"
pytestmark = pytest.mark.xdist_group("procps")

# KB by which two readings, one program later, may differ.
SLACK = 2048


@pytest.fixture(scope="module")
def machine():
    with loftvm.VM("procps", initrd=IMAGE, memory=512, append="quiet loglevel=1") as machine:
        machine.expect(loftvm.PROMPT)
        machine.run("set +m")
        yield machine


@pytest.fixture
def output(machine):
    """A function that runs a command line, which must succeed, and returns what it prints."""

    def run(command):
        text, status = machine.run(command)
        assert status == 0, text
        return text

    return run


@pytest.fixture
def background(machine):
    """A function that starts a program and returns its number; it ends with the test."""
    started = []

    def start(command):
        machine.run(f"{{ {command} & }} 2>/dev/null", 60)
        started.append(machine.run("echo $!")[0].strip())
        for _ in range(5):  # until it waits, or is found never to
            time.sleep(1)
            if machine.run(f"ps -o stat= -p {started[-1]}")[0].startswith("S"):
                break
        return started[-1]

    yield start
    for pid in started:
        machine.run(f"kill -9 {pid}; wait {pid} 2>/dev/null")


def table(text):
    """Lines of `NAME: VALUE kB`."""
    return {name: int(value) for name, value in re.findall(r"^(\S+):\s+(\d+)", text, re.MULTILINE)}


def near(a, b, slack=SLACK):
    return abs(int(a) - int(b)) <= slack


HOLD = """perl -e '$x = "a" x 60_000_000; sleep 1000'"""
SPIN = "perl -e '1 while 1'"


def test_free(output):
    text = output("cat /proc/meminfo; free -k; cat /proc/loft/ledger")
    info = table(text)
    total, used, free, shared, cache, available = re.search(
        r"^Mem: +" + r" +".join([r"(\d+)"] * 6) + "$", text, re.MULTILINE).groups()
    assert int(total) == info["MemTotal"]
    assert near(free, info["MemFree"]) and near(available, info["MemAvailable"])
    assert near(cache, info["Buffers"] + info["Cached"] + info["SReclaimable"])
    assert near(used, int(total) - int(available), 0)
    frames = dict(re.findall(r"^(\w+) (\d+)$", text, re.MULTILINE))
    assert near(info["MemFree"], 4 * int(frames["free"]))
    assert near(info["Cached"], 4 * int(frames["page_cache"]))
    assert near(info["PageTables"], 4 * int(frames["page_table"]))
    assert re.search(r"^Swap: +0 +0 +0$", text, re.MULTILINE)


def test_free_counts_what_a_program_takes(output, background):
    def used():
        return int(re.search(r"^Mem: +\d+ +(\d+)", output("free -k"), re.MULTILINE)[1])

    before = used()
    pid = background(HOLD)
    resident = table(output(f"cat /proc/{pid}/status"))["RssAnon"]
    assert resident > 58000
    assert near(used() - before, resident)
    output(f"kill -9 {pid}; wait {pid} 2>/dev/null; true")
    assert near(used(), before)


def test_vmstat_memory(output):
    text = output("cat /proc/meminfo; vmstat -s; vmstat; vmstat -S M")
    info = table(text)
    said = {name: int(value) for value, name in re.findall(r"^ +(\d+) (?:K )?(.*)$", text,
                                                            re.MULTILINE)}
    assert said["total memory"] == info["MemTotal"]
    assert near(said["free memory"], info["MemFree"]) and said["total swap"] == 0
    lines = re.findall(r"^ *\d+ +\d+ +0 +(\d+) +(\d+) +(\d+) ", text, re.MULTILINE)
    assert near(lines[0][0], info["MemFree"]) and near(lines[0][2], info["Cached"])
    assert near(1 << 10, 1024 * int(lines[1][0]) // (int(lines[0][0]) >> 10), 20)


def vmstat_lines(output, count):
    """The columns of vmstat, a second between the lines; the first is since boot and left out."""
    lines = output(f"vmstat -n 1 {count + 1}").splitlines()
    names = lines[1].split()
    return [dict(zip(names, map(int, line.split()))) for line in lines[3:]]


def test_vmstat_idle_and_busy(output, background):
    for line in vmstat_lines(output, 2):
        assert line["id"] > 50 and line["us"] + line["sy"] + line["id"] + line["wa"] in (99, 100, 101)
    background(SPIN)
    background(SPIN)
    for line in vmstat_lines(output, 2):
        assert line["us"] > 50 and line["id"] < 20 and line["r"] >= 2
        assert line["in"] > 0, "the timer's ticks at least"


def test_vmstat_sees_the_kernel_at_work(output, background):
    background("sh -c 'while :; do /bin/true; done'")
    assert sum(line["sy"] for line in vmstat_lines(output, 2)) > 0


def test_vmstat_counts(output):
    def counts():
        text = output("vmstat -s")
        return {name: int(value) for value, name in re.findall(r"^ +(\d+) (.*)$", text, re.MULTILINE)}

    before = counts()
    output("for i in $(seq 100); do /bin/true; done")
    after = counts()
    assert 101 <= after["forks"] - before["forks"] <= 105
    assert after["CPU context switches"] - before["CPU context switches"] >= 100
    assert after["interrupts"] > before["interrupts"]
    assert after["boot time"] == before["boot time"]


def test_pmap(output, background):
    pid = background(HOLD)
    status = table(output(f"cat /proc/{pid}/status"))
    maps = re.findall(r"^(\w+)-(\w+) (....) ", output(f"cat /proc/{pid}/maps"), re.MULTILINE)
    expected = [(start, (int(end, 16) - int(start, 16)) // 1024, mode[:3]) for start, end, mode in maps]
    short = re.findall(r"^(\w{8}) +(\d+)K (...)", output(f"pmap {pid}"), re.MULTILINE)
    assert [(start, int(size), mode) for start, size, mode in short] == expected
    text = output(f"pmap -x {pid}")
    rows = re.findall(r"^(\w{8}) +(\d+) +(\d+) +(\d+) (...)", text, re.MULTILINE)
    assert [(row[0], int(row[1]), row[4]) for row in rows] == expected
    total = [int(n) for n in re.search(r"^total kB +(\d+) +(\d+) +(\d+)", text, re.MULTILINE).groups()]
    assert total == [sum(int(row[i]) for row in rows) for i in (1, 2, 3)]
    assert total[0] == status["VmSize"] and total[1] == status["VmRSS"]
    assert max(int(row[2]) for row in rows) > 58000, "the string of 60 MB"


def test_pmap_extended(output, background):
    pid = background(HOLD)
    lines = output(f"pmap -X {pid}; cat /proc/{pid}/smaps_rollup").splitlines()
    names = lines[1].split()
    sums = dict(zip(names[5:], next(line for line in lines if line.rstrip().endswith(" KB")).split()))
    rollup = table("\n".join(lines))
    for name in ("Rss", "Referenced", "Anonymous"):
        assert int(sums[name]) == rollup[name], name
    assert near(sums["Pss"], rollup["Pss"], 64), "each line is rounded"


def test_top(output, background):
    holder, spinner = background(HOLD), background(SPIN)
    text = output(f"cat /proc/meminfo; ps -o rss= -p {holder}; set -- /proc/[0-9]*; echo $#; top -b -n 2 -d 2 -w 200")
    info = table(text)
    resident, processes = map(int, re.findall(r"^ *(\d+)$", text, re.MULTILINE)[:2])
    last = text[text.rindex("\ntop - "):]
    tasks = re.search(r"^Tasks: +(\d+) total, +(\d+) running, +(\d+) sleeping", last, re.MULTILINE)
    assert near(tasks[1], processes + 1, 1) and int(tasks[2]) >= 2
    assert int(tasks[1]) == int(tasks[2]) + int(tasks[3])
    memory = re.search(r"^MiB Mem : +([\d.]+) total, +([\d.]+) free", last, re.MULTILINE)
    assert near(float(memory[1]) * 1024, info["MemTotal"], 110)
    assert near(float(memory[2]) * 1024, info["MemFree"])
    rows = {row[0]: row for row in (line.split() for line in last.splitlines()) if len(row) >= 12}
    assert int(rows[holder][5]) == resident and float(rows[holder][8]) < 5
    assert float(rows[spinner][8]) > 50 and rows[spinner][7] == "R" and rows[holder][7] == "S"
    cpu = re.search(r"^%Cpu\(s\): *([\d.]+) us, *([\d.]+) sy, .* ([\d.]+) id,", last, re.MULTILINE)
    assert float(cpu[1]) > 50 and float(cpu[3]) < 10


def test_ps(output, background):
    background(HOLD)
    background("nice -n 7 sleep 1000")
    fields = "pid,ppid,pgid,sid,nlwp,ni,vsz,rss,stat,comm"
    text = output(f"for i in /proc/[0-9]*; do cat $i/stat; done 2>/dev/null; echo; ps -eo {fields} | cat")
    stats, listing = text.split("\n\n")
    seen = {row.split()[0]: row.split() for row in listing.splitlines()[1:]}
    checked = 0
    for line in stats.splitlines():
        pid, name, rest = re.match(r"(\d+) \((.*?)\) (.*)", line).groups()
        rest = rest.split()
        if pid not in seen or name in ("ps", "cat"):
            continue
        row = seen[pid]
        assert row[1:4] == [rest[1], rest[2], rest[3]], "parent, group and session"
        assert row[4:6] == [rest[17], rest[16]], "threads, niceness"
        assert int(row[6]) == int(rest[20]) // 1024 and row[9] == name
        if name != "bash":
            assert int(row[7]) == 4 * int(rest[21]) and row[8][0] == rest[0]
        checked += 1
    assert checked >= 4 and any(row[5] == "7" and row[8].startswith("SN") for row in seen.values())


def test_ps_threads_and_arguments(output, background):
    pid = background("python3 -c 'import threading, time; [threading.Thread(target=time.sleep, "
                     "args=(1000,)).start() for _ in range(4)]'")
    for _ in range(20):
        if output(f"ps -o nlwp= -p {pid}").strip() == "5":
            break
        time.sleep(1)
    tasks = output(f"ls /proc/{pid}/task").split()
    assert output(f"ps -L -o lwp= -p {pid}").split() == sorted(tasks, key=int) and len(tasks) == 5
    assert output(f"ps -o args= -p {pid} | cat").strip() == output(
        f"tr '\\0' ' ' </proc/{pid}/cmdline").strip()
    assert output(f"ps -o tty=,user= -p {pid}").split() == ["ttyS0", "root"]
    spinner = background(SPIN)
    time.sleep(2)
    age, used = output(f"ps -o etimes=,times= -p {spinner}").split()
    assert int(age) >= 2 and 1 <= int(used) <= int(age) + 1


def test_finding_processes(output, background):
    pid = background("sleep 4321")
    assert output("pgrep -x sleep").split() == [pid] == output("pidof sleep").split()
    assert output("pgrep -a -f 'sleep 43'").strip() == f"{pid} sleep 4321"
    assert output(f"pwdx {pid}").strip() == f"{pid}: " + output("pwd").strip()
    assert output("pkill -STOP -x sleep; ps -o stat= -C sleep").startswith("T")
    assert output("skill -CONT -c sleep; ps -o stat= -C sleep").startswith("S")
    assert output("pkill -e sleep").strip() == f"sleep killed (pid {pid})"


def test_uptime_and_sysctl(output):
    text = output("cat /proc/uptime /proc/loadavg; uptime; uptime -p; uptime -s; "
                  "date -d \"$(uptime -s)\" +%s; grep btime /proc/stat")
    lines = text.splitlines()
    assert lines[2].endswith("load average: " + ", ".join(lines[1].split()[:3]))
    assert near(lines[5], lines[6].split()[1], 2)
    for name in ("kernel.ostype", "kernel.osrelease", "kernel.pid_max", "vm.overcommit_memory"):
        assert output(f"sysctl -n {name}") == output(f"cat /proc/sys/{name.replace('.', '/')}")

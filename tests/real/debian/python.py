"""Python at work: on its own library's sources and on texts that Debian's packages bring."""
import ast, base64, bisect, collections, contextlib, copy, csv, datetime, enum, fnmatch, functools, glob, hashlib, heapq
import io, ipaddress, itertools, logging, operator, os, pathlib, pickle, pkgutil, random, re, selectors, signal, socket
import stat, string, struct, subprocess, sys, textwrap, threading, time, tokenize, traceback, types, typing
import array, fcntl, weakref, zlib

LIBRARY = pathlib.Path("/usr/lib/python3.11")
LICENSES = pathlib.Path("/usr/share/common-licenses")
print = functools.partial(print, flush=True)


def digest(data):
    return hashlib.sha256(data if isinstance(data, bytes) else data.encode()).hexdigest()[:16]


print("== its library, compiled")
for name in sorted(LIBRARY.glob("[a-h]*.py")):
    code = compile(name.read_bytes(), "x", "exec")
    print(name.name, len(code.co_code), len(code.co_consts))

print("== its library, parsed and printed")
kinds = collections.Counter()
for name in ("bisect.py", "heapq.py", "textwrap.py", "string.py", "copy.py", "abc.py", "types.py"):
    tree = ast.parse((LIBRARY / name).read_text())
    kinds.update(type(node).__name__ for node in ast.walk(tree))
    again = ast.unparse(tree)
    print(name, digest(again), ast.dump(ast.parse(again)) == ast.dump(tree))
print(kinds.most_common(8), len(kinds))

print("== its library, in tokens")
for name in ("shlex.py", "heapq.py", "stat.py", "keyword.py", "csv.py"):
    if (LIBRARY / name).exists():
        with tokenize.open(LIBRARY / name) as source:
            tokens = list(tokenize.generate_tokens(source.readline))
        print(name, len(tokens), digest(repr([(t.type, t.string) for t in tokens])))

print("== words of a text")
words = collections.Counter(re.findall(r"[a-z]+", (LICENSES / "GPL-3").read_text().lower()))
print(sum(words.values()), len(words), words.most_common(8))
print(max(words, key=lambda w: (len(w), w)), textwrap.fill(" ".join(sorted(words)[:30]), 50))
text = (LICENSES / "GPL-3").read_bytes()
for function in (hashlib.md5, hashlib.sha1, hashlib.sha512, hashlib.blake2b, hashlib.sha3_256):
    print(function().name, function(text).hexdigest()[:32])
packed = zlib.compress(text, 9)
print(len(packed), zlib.decompress(packed) == text, zlib.crc32(text), zlib.adler32(text), digest(base64.b85encode(text)))

print("== numbers")
def pi(digits):
    q, r, t, k, m, x = 1, 0, 1, 1, 3, 3
    while digits:
        if 4 * q + r - t < m * t:
            yield m
            digits -= 1
            q, r, m = 10 * q, 10 * (r - m * t), 10 * (3 * q + r) // t - 10 * m
        else:
            q, r, t, k, m, x = q * k, (2 * q + r) * x, t * x, k + 1, (q * (7 * k + 2) + r * x) // (t * x), x + 2
print("".join(map(str, pi(200))))
print(2 ** 521 - 1, pow(3, 10 ** 6, 10 ** 9 + 7), 7 // -2, -7 % 3, 0.1 + 0.2, 1e308 * 10, float.fromhex("0x1.8p3"), round(2.675, 2), (2.5).as_integer_ratio(), complex(1, 2) ** 2, 10 ** 30 // 7, hash(2 ** 61), int("zz", 36))
random.seed(42)
print(random.random(), random.sample(range(1000), 5), random.gauss(0, 1), [random.randrange(10 ** 20) for _ in range(2)])
print(functools.reduce(operator.mul, range(1, 60)), sorted([3, 1, 2], reverse=True), bisect.bisect([1, 3, 5], 3), heapq.nsmallest(3, [9, 4, 7, 1]))
primes = [p for p in range(2, 5000) if all(p % d for d in range(2, int(p ** 0.5) + 1))]
print(len(primes), sum(primes), list(itertools.islice(itertools.permutations("abc"), 4)))

print("== objects")
class Colour(enum.Flag):
    RED = enum.auto()
    BLUE = enum.auto()
Point = collections.namedtuple("Point", "x y")
class Node:
    def __init__(self, next=None):
        self.next = next
node = Node()
node.next = node
gone = weakref.ref(node)
del node
import gc
print(Colour.RED | Colour.BLUE, Point(1, y=2)._replace(x=5), gc.collect() > 0, gone())
data = {"list": [1, 2.5, "x", None], "set": frozenset("abc"), "point": Point(1, 2)}
print(pickle.loads(pickle.dumps(data)) == data, copy.deepcopy(data) == data, len(pickle.dumps(data, 0)))
match [1, {"k": (2, 3)}]:
    case [a, {"k": (b, *rest)}]:
        print(a, b, rest)
try:
    try:
        1 / 0
    except ZeroDivisionError as error:
        raise ValueError("outer") from error
except ValueError as error:
    print(traceback.format_exception_only(error), repr(error.__cause__))
def generator():
    received = yield 1
    while received:
        received = yield received * 2
it = generator()
print(next(it), it.send(5), it.send(21), f"{3.14159:>10.2f}|{255:#x}|{'x':^5}|{1234567:,}", "%s %r" % ("a", "b"))
def deep(n):
    return 0 if n == 0 else 1 + deep(n - 1)
sys.setrecursionlimit(5000)
print(deep(4000))
with contextlib.suppress(RecursionError):
    deep(10 ** 6)
print(struct.pack("<ihd4s", 1, -2, 3.5, b"abc").hex(), struct.unpack(">I", b"\0\0\1\0"), datetime.date(2024, 2, 29) + datetime.timedelta(365), ipaddress.ip_network("10.0.0.0/28").num_addresses)
big = [bytearray(1 << 20) for _ in range(40)]
for block in big:
    block[-1] = 7
print(sum(block[-1] for block in big))
del big

print("== files")
path = pathlib.Path("folder")
path.mkdir()
with open(path / "t.csv", "w", newline="") as f:
    csv.writer(f).writerows([i, i * i, f"row, {i}"] for i in range(2000))
with open(path / "t.csv", newline="") as f:
    print(sum(int(row[1]) for row in csv.reader(f)), (path / "t.csv").stat().st_size)
numbers = array.array("I", range(100000))
with open(path / "numbers", "wb") as f:
    numbers.tofile(f)
with open(path / "numbers", "rb") as f:
    f.seek(4 * 77777)
    again = array.array("I")
    again.fromfile(f, 2)
    fcntl.flock(f, fcntl.LOCK_SH)
print(again, (path / "numbers").stat().st_size)
os.makedirs(path / "a/b/c")
os.symlink("b", path / "a/link")
(path / "a/b/file").write_text("x" * 100)
os.truncate(path / "a/b/file", 10)
os.utime(path / "a/b/file", ns=(1, 10 ** 18 + 5))
print(sorted((os.path.relpath(d, path), sorted(n), sorted(f)) for d, n, f in os.walk(path)))
info = os.stat(path / "a/link/file")
print(info.st_size, info.st_mtime_ns, stat.filemode(info.st_mode), os.readlink(path / "a/link"), os.access(path, os.W_OK))
fd = os.open(path / "sparse", os.O_RDWR | os.O_CREAT)
os.pwrite(fd, b"end", 5_000_000)
print(os.pread(fd, 5, 4_999_998), os.lseek(fd, 0, os.SEEK_END))
os.posix_fallocate(fd, 0, 6_000_000)
os.close(fd)
print(os.path.getsize(path / "sparse"), [e.name for e in sorted(os.scandir(path), key=lambda e: e.name)])
for wrong in (lambda: os.rmdir(path / "a"), lambda: os.open("/nothere", 0), lambda: os.listdir(path / "t.csv"), lambda: os.link("/nothere", "x")):
    try:
        wrong()
    except OSError as error:
        print(type(error).__name__, error.errno, error.strerror)

print("== processes")
done = subprocess.run(["sort", "-n"], input="10\n9\n8\n", capture_output=True, text=True)
print(done.stdout.split(), done.returncode)
print(subprocess.run("exit 5", shell=True).returncode, subprocess.run(["sh", "-c", "kill -9 $$"]).returncode, subprocess.check_output("echo $X", shell=True, env={"X": "1"}))
try:
    subprocess.run(["sleep", "9"], timeout=0.3)
except subprocess.TimeoutExpired:
    print("timeout")
with subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as cat:
    print(cat.communicate(b"y" * 300000)[0].count(b"y"))
read, write = os.pipe()
child = os.fork()
if not child:
    os.write(write, b"from the child")
    os._exit(9)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), os.read(read, 100))
signal.signal(signal.SIGALRM, lambda n, f: print("alarm", signal.Signals(n).name))
signal.setitimer(signal.ITIMER_REAL, 0.2)
signal.pause()
print(signal.sigwait.__name__, signal.strsignal(11), time.clock_getres(time.CLOCK_MONOTONIC) > 0, time.monotonic() < time.monotonic(), os.cpu_count() > 0)

print("== threads")
total, lock, done = 0, threading.Lock(), threading.Semaphore(0)
def work(n):
    global total
    for _ in range(2000):
        with lock:
            total += n
    done.release()
threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(total, threading.active_count())
barrier, results, local = threading.Barrier(4), [], threading.local()
def meet(i):
    local.value = i
    barrier.wait()
    results.append(local.value)
threads = [threading.Thread(target=meet, args=(i,)) for i in range(4)]
[t.start() for t in threads], [t.join() for t in threads]
print(sorted(results), threading.Event().wait(0.05), done.acquire(timeout=1))
condition, queue = threading.Condition(), []
def consume():
    with condition:
        while not queue:
            condition.wait()
        print("consumed", queue.pop())
thread = threading.Thread(target=consume)
thread.start()
time.sleep(0.1)
with condition:
    queue.append("item")
    condition.notify()
thread.join()
timer = threading.Timer(0.1, print, ["timer"])
timer.start()
timer.join()

print("== sockets and readiness")
a, b = socket.socketpair()
a.sendall(b"z" * 5000)
print(len(b.recv(5000)))
selector = selectors.DefaultSelector()
selector.register(b, selectors.EVENT_READ, "b")
print(type(selector).__name__, selector.select(0.05), a.send(b"!"), [(k.data, e) for k, e in selector.select(1)])
a.close()
print(b.recv(10), b.recv(10))
name = "/tmp/work/socket"
server = socket.socket(socket.AF_UNIX)
server.bind(name)
server.listen()
def serve():
    peer, _ = server.accept()
    with peer, peer.makefile("rw") as f:
        for line in f:
            f.write(line.upper())
            f.flush()
thread = threading.Thread(target=serve)
thread.start()
with socket.socket(socket.AF_UNIX) as client:
    client.connect(name)
    with client.makefile("rw") as f:
        for line in ("one\n", "two\n"):
            f.write(line)
            f.flush()
            print(f.readline().strip())
thread.join()

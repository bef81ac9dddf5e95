# What openalgo-install does with OpenAlgo's data in a cluster, in a pod of its own:
#
#   hold SECONDS        wait until the pod is removed
#   look ROOT TREE...   say how large each tree is, and what .sample.env says
#   out ROOT TREE...    write the trees as a tar, then check the databases
#   in ROOT TREE...     read such a tar, and put the trees in their place once it is whole
#   address URL...      say which address the internet sees
import contextlib, io, json, os, shutil, signal, sqlite3, sys, tarfile, time, urllib.request

END = "openalgo-install-end.json"  # the last entry of a tar that was not cut off
NEW = ".openalgo-restore"  # what is read, until it is whole
MOVING = "moving.json"  # in it: the trees that are being put in their place
REPLACED = ".openalgo-replaced"  # what was there


def entries(root, tree):
    top = os.path.join(root, tree)
    if os.path.isdir(top):
        yield tree, top
        for at, directories, files in os.walk(top):
            for name in sorted(directories) + sorted(files):
                path = os.path.join(at, name)
                yield os.path.relpath(path, root), path


def size(root, tree):
    return sum(os.lstat(path).st_size for _, path in entries(root, tree) if os.path.isfile(path) and not os.path.islink(path))


def held(root, trees):
    """The first file that a restore would replace. The image's own examples are none."""
    for tree in trees:
        for name, path in entries(root, tree):
            if tree != "log" and not os.path.isdir(path) and not name.startswith("strategies/examples/"):
                return name
    return ""


def look(root, trees):
    sample = ""
    with contextlib.suppress(OSError), open("/app/.sample.env", encoding="utf-8") as file:
        sample = file.read(1 << 20)
    undo(root)
    disk = os.statvfs(root)
    print(json.dumps({"trees": {tree: size(root, tree) for tree in trees if os.path.isdir(os.path.join(root, tree))},
                      "held": held(root, trees), "sample": sample, "free": disk.f_bavail * disk.f_frsize}))


def check(path):
    try:
        with contextlib.closing(sqlite3.connect(path, timeout=5)) as database:
            rows = database.execute("PRAGMA integrity_check(5)").fetchall()
        return " ".join("; ".join(str(row[0]) for row in rows).split())
    except Exception as problem:
        return str(problem)


def write(root, trees):
    files = size = 0
    databases = []
    with tarfile.open(fileobj=sys.stdout.buffer, mode="w|", format=tarfile.PAX_FORMAT) as out:
        for tree in trees:
            for name, path in entries(root, tree):
                out.inodes.clear()  # a second name of a file is a file of its own
                info = out.gettarinfo(path, name)
                if info is None or not (info.isreg() or info.isdir() or info.issym()):
                    continue
                info.uname = info.gname = ""
                if not info.isreg():
                    out.addfile(info)
                    continue
                with open(path, "rb") as file:
                    if file.read(16) == b"SQLite format 3\0":
                        databases.append((name, path))
                    file.seek(0)
                    out.addfile(info, file)
                files, size = files + 1, size + info.size
        found = {name: check(path) for name, path in databases}
        end(out, {"files": files, "bytes": size, "damaged": [f"{name}: {text}" for name, text in found.items() if text != "ok"]})


def end(out, doc):
    text = json.dumps(doc).encode()
    info = tarfile.TarInfo(END)
    info.size = len(text)
    out.addfile(info, io.BytesIO(text))


def undo(root):
    """What an interrupted restore left. A tree that it had moved came from it alone."""
    new = os.path.join(root, NEW)
    with contextlib.suppress(OSError, ValueError), open(os.path.join(new, MOVING), encoding="utf-8") as file:
        for tree in json.load(file):
            if not os.path.isdir(os.path.join(new, tree)):
                shutil.rmtree(os.path.join(root, tree), ignore_errors=True)
    shutil.rmtree(new, ignore_errors=True)


def read(root, trees):
    undo(root)
    there = held(root, trees)
    if there:
        sys.exit("there is data already: " + there)
    new = os.path.join(root, NEW)
    os.mkdir(new, 0o700)
    try:
        files, size = receive(new, trees)
    except tarfile.TarError as problem:
        shutil.rmtree(new, ignore_errors=True)
        sys.exit(f"the copy was cut off: {problem}")
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        raise
    came = [tree for tree in trees if os.path.isdir(os.path.join(new, tree))]
    with open(os.path.join(new, MOVING), "w", encoding="utf-8") as file:
        json.dump(came, file)
    os.sync()
    for tree in came:
        put(root, tree)
    os.sync()
    shutil.rmtree(new)
    print(json.dumps({"files": files, "bytes": size}))


def receive(new, trees):
    files = size = 0
    told = None
    with tarfile.open(fileobj=sys.stdin.buffer, mode="r|") as source:
        for info in source:
            if info.name == END:
                told = json.load(source.extractfile(info))
                continue
            if told or info.name.split("/")[0] not in trees:
                sys.exit("an entry of another name: " + info.name)
            source.extract(info, new, filter="data")
            if info.isreg():
                files, size = files + 1, size + info.size
    if not told or (told["files"], told["bytes"]) != (files, size):
        sys.exit(f"the copy was cut off after {files} files")
    return files, size


def put(root, tree):
    place, aside = os.path.join(root, tree), os.path.join(root, REPLACED, tree)
    for at, _, _ in os.walk(place, topdown=False):
        with contextlib.suppress(OSError):
            os.rmdir(at)
    if os.path.isdir(place):
        shutil.rmtree(aside, ignore_errors=True)
        os.makedirs(os.path.dirname(aside), exist_ok=True)
        os.rename(place, aside)
    os.rename(os.path.join(root, NEW, tree), place)


def address(urls):
    for url in urls:
        with contextlib.suppress(Exception), urllib.request.urlopen(url, timeout=4) as answer:
            print(json.dumps({"address": answer.read(64).decode().strip()}))
            return
    print("{}")


def hold(seconds):
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    time.sleep(int(seconds))


command, arguments = sys.argv[1], sys.argv[2:]
if command == "hold":
    hold(arguments[0])
elif command == "address":
    address(arguments)
else:
    {"look": look, "out": write, "in": read}[command](arguments[0], arguments[1:])

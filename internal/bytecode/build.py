# Compiles OpenAlgo and its libraries for the Python that runs this, into a tree of
# their own, and lets later starts read it. Arguments: the volume, the image's ID, how
# many processes, and "later" where nobody waits.
import concurrent.futures, ctypes, importlib.util, multiprocessing, os, py_compile
import shutil, signal, sys, sysconfig

ROOM = 512 << 20  # a tree has about 240 MB
LEFT_OUT = {"test", "tests", "node_modules", ".git", "__pycache__"}

volume, image, workers, haste = sys.argv[1:]
name = image.split(":")[-1]
new, tree, now = (os.path.join(volume, n) for n in ("new", name, "now"))


def sources():
    for top in ("/app", sysconfig.get_path("stdlib")):
        for where, below, files in os.walk(top):
            below[:] = [b for b in below if b not in LEFT_OUT]
            yield from (os.path.join(where, f) for f in files if f.endswith(".py"))


def one(path):
    try:
        with open(path, "rb") as f:
            right = importlib.util.source_hash(f.read())
    except OSError:
        return
    target = importlib.util.cache_from_source(path)
    try:  # what an earlier image has alike takes neither time nor room
        had = now + target[len(new):]
        with open(had, "rb") as f:
            if f.read(16) == importlib.util.MAGIC_NUMBER + b"\x03\0\0\0" + right:
                os.makedirs(os.path.dirname(target), exist_ok=True)
                os.link(had, target)
                return
    except OSError:
        pass
    try:
        # By the hash of the source: two images may have other code of the same size and
        # time, and a tag may move on without this program.
        py_compile.compile(path, target, doraise=True, invalidation_mode=py_compile.PycInvalidationMode.CHECKED_HASH)
    except OSError:
        raise
    except Exception:
        pass  # a template, or code for another Python


def synced(path):
    # An import fails on a half-written file: nothing may be read that a power cut could halve.
    fd = os.open(path, os.O_RDONLY)
    try:
        if ctypes.CDLL(None).syncfs(fd):
            os.sync()
    finally:
        os.close(fd)


def build():
    disk = os.statvfs(volume)
    if disk.f_bavail * disk.f_frsize < ROOM:
        sys.exit("less than %d MiB are free in the volume" % (ROOM >> 20))
    shutil.rmtree(new, ignore_errors=True)
    os.mkdir(new)
    sys.pycache_prefix = new
    with concurrent.futures.ProcessPoolExecutor(int(workers), multiprocessing.get_context("fork")) as pool:
        for _ in pool.map(one, sources(), chunksize=32):
            pass
    with open(os.path.join(new, "image"), "w") as f:
        f.write(image)
    synced(new)
    shutil.rmtree(tree, ignore_errors=True)
    os.rename(new, tree)


def main():
    signal.signal(signal.SIGALRM, lambda *_: os._exit(1))
    signal.alarm(3600)
    if haste == "later":
        os.nice(19)
    os.umask(0o022)
    before = os.readlink(now) if os.path.islink(now) else name
    if not os.path.exists(os.path.join(tree, "image")):
        build()
    link = os.path.join(volume, "link")
    if os.path.lexists(link):
        os.unlink(link)
    os.symlink(name, link)
    os.replace(link, now)
    # The tree of the image that ran before stays, for a way back.
    for entry in os.listdir(volume):
        if entry not in (name, before, "now"):
            shutil.rmtree(os.path.join(volume, entry), ignore_errors=True)


if __name__ == "__main__":
    main()

"""Makes the Python part of the image small and quick to start, at build.

    openalgo-image.py app DIR IMPORTS     compiles the app's own modules, and
                                          writes what they import to IMPORTS
    openalgo-image.py venv DIR IMPORTS    compiles what is imported of DIR's
                                          packages, and removes their tests

Two calls, so that the layer of the packages is kept while the app imports the
same. Only what is imported gets bytecode: the rest would double the packages.
"""

import ast
import glob
import hashlib
import importlib.util
import marshal
import os
import shutil
import sys

# Directories of the app that no start imports from: volumes, and what is read
# by people, by npm or by a strategy's own process.
SKIPPED = {"test", "tests", "__pycache__", "node_modules"}
NOT_RUN = SKIPPED | {"db", "log", "tmp", "keys", "strategies", "frontend", "docs", "examples"}

# Imported by names that are put together while the program runs.
BY_NAME = ["gunicorn.app.wsgiapp", "gunicorn.workers.geventlet", "engineio.async_drivers.eventlet", "sqlalchemy.dialects.sqlite",
           "numpy._core._exceptions", "scipy.sparse.csgraph._validation"]

# A package up to this many bytes of source is compiled as a whole: it may
# import parts of itself by name, and little is lost.
SMALL = 2 << 20


def imported(tree, package):
    """The names that a module imports, wherever in it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = package.split(".")
                base = ".".join(parents[: len(parents) - node.level + 1] + ([base] if base else []))
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            function = getattr(node.func, "attr", getattr(node.func, "id", ""))
            name = node.args[0].value
            if function in ("import_module", "__import__", "import_patched") and isinstance(name, str):
                yield package + name if name.startswith(".") else name


def compile_module(path, package):
    """Writes the module's bytecode, valid by the source's time and size; returns its imports."""
    stat = os.stat(path)
    try:
        with open(path, "rb") as file:
            tree = ast.parse(file.read(), path)
        code = compile(tree, path, "exec", dont_inherit=True)
        names = list(imported(tree, package))
    except (SyntaxError, ValueError, RecursionError):
        return []  # for another Python, or a template: whoever imports it is told
    cache = importlib.util.cache_from_source(path)
    os.makedirs(os.path.dirname(cache), exist_ok=True)
    header = importlib.util.MAGIC_NUMBER + bytes(4)
    for number in (int(stat.st_mtime), stat.st_size):
        header += (number & 0xFFFFFFFF).to_bytes(4, "little")
    with open(cache, "wb") as file:
        file.write(header + marshal.dumps(code))
    return names


def modules_below(top):
    """The .py files below a directory, less tests, in a fixed order."""
    for directory, names, files in os.walk(top):
        names[:] = sorted(n for n in names if n not in SKIPPED)
        yield from (os.path.join(directory, f) for f in sorted(files) if f.endswith(".py"))


def app(top, imports):
    """Compiles the app, and writes the sum of all of it that can decide what a migration does."""
    shutil.rmtree(os.path.join(top, "frontend"), ignore_errors=True)  # its compiled form comes from another stage
    names, digest = set(), hashlib.sha256()
    for path in files_of(top):
        inside = os.path.relpath(path, top)
        with open(path, "rb") as file:
            digest.update(f"{inside}\n{hashlib.sha256(file.read()).hexdigest()}\n".encode("utf-8", "surrogateescape"))
        if path.endswith(".py") and not inside.startswith("openalgo-"):
            names.update(compile_module(path, os.path.dirname(inside).replace("/", ".")))
    with open(os.path.join(top, ".openalgo-image"), "w") as file:
        file.write(digest.hexdigest() + "\n")
    with open(imports, "w") as file:
        file.writelines(f"{name}\n" for name in sorted(filter(None, names)))


def files_of(top):
    """The app's files less those that are not run, in a fixed order; links are not followed."""
    for directory, names, files in os.walk(top):
        names[:] = sorted(n for n in names if not n.startswith(".") and n not in (NOT_RUN if directory == top else SKIPPED))
        paths = (os.path.join(directory, f) for f in sorted(files))
        yield from (p for p in paths if os.path.isfile(p) and not os.path.islink(p))


class Packages:
    """What is installed in a site-packages directory."""

    def __init__(self, site):
        self.site = site
        self.seen = {}  # dotted name: whether it is a module here
        self.small = {}  # top-level package: whether it is compiled as a whole
        self.waiting = []

    def file(self, name):
        path = os.path.join(self.site, *name.split("."))
        for candidate, package in ((path + "/__init__.py", name), (path + ".py", name.rpartition(".")[0])):
            if os.path.isfile(candidate):
                return candidate, package
        return None

    def want(self, name):
        """Notes a name and the packages above it."""
        parts = name.split(".")
        for end in range(1, len(parts) + 1):
            part = ".".join(parts[:end])
            if part not in self.seen:
                self.seen[part] = self.file(part)
                self.waiting.append(part)

    def want_whole(self, top):
        """Notes every module of a small package."""
        directory = os.path.join(self.site, top)
        if top in self.small or not os.path.isdir(directory):
            return
        paths = list(modules_below(directory))
        self.small[top] = sum(os.path.getsize(p) for p in paths) <= SMALL
        if self.small[top]:
            for path in paths:
                name = os.path.relpath(path, self.site)[: -len(".py")].replace("/", ".")
                self.want(name.removesuffix(".__init__"))

    def compile(self, names):
        for name in names:
            self.want(name)
        while self.waiting:
            name = self.waiting.pop()
            if self.seen[name]:
                self.want_whole(name.partition(".")[0])
                for other in compile_module(*self.seen[name]):
                    self.want(other)

    def remove_tests(self):
        """Removes directories of tests of which nothing is imported from outside them."""
        for directory, names, _ in os.walk(self.site):
            for name in [n for n in names if n in ("test", "tests") and directory != self.site]:
                names.remove(name)
                path = os.path.join(directory, name)
                dotted = os.path.relpath(path, self.site).replace("/", ".")
                if dotted not in self.seen:
                    shutil.rmtree(path)


def venv(top, imports):
    with open(imports) as file:
        names = file.read().split()
    for site in glob.glob(os.path.join(top, "lib", "python3*", "site-packages")):
        packages = Packages(site)
        packages.compile(names + BY_NAME)
        packages.remove_tests()


if __name__ == "__main__":
    {"app": app, "venv": venv}[sys.argv[1]](os.path.abspath(sys.argv[2]), sys.argv[3])

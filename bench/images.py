"""The images that heavy.py measures with: a base, and what is built on it by each way."""

import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import time

HERE = pathlib.Path(__file__).resolve().parent
BASE = os.environ.get("BASE", "")
KEPT = HERE.parent / ".build/bench/kept.json"
LABEL = "io.openalgo.install.bench=heavy"  # of the base, so of everything built on it
REPOSITORY = "openalgo-bench/heavy"


def docker(*argv, check=True, **options):
    """Runs docker and returns what it says."""
    done = subprocess.run(("docker", *argv), check=False, capture_output=True, text=True, **options)
    if check and done.returncode:
        raise SystemExit(f"bench: docker {' '.join(argv)} exits {done.returncode}\n{(done.stdout + done.stderr)[-3000:]}")
    return done.stdout.strip()


# OpenAlgo 2.0.2.1 imports 442 modules of its own at its start, of 410 lines each.
MODULES, FUNCTIONS = 440, 26
FUNCTION = '''
def place_{n}(symbol, quantity, price=None, *, exchange="NSE", product="MIS"):
    """Checks one order and says what to send for it."""
    problems = []
    if not symbol or len(symbol) > {limit}:
        problems.append(f"symbol {{symbol!r}} is not one of {{exchange}}")
    if quantity <= 0 or quantity % {lot}:
        problems.append(f"{{quantity}} is no multiple of {lot}")
    if problems:
        return {{"status": "error", "message": "; ".join(problems), "code": {n}}}
    return {{
        "symbol": symbol.upper(), "quantity": quantity, "price": price or 0.0, "exchange": exchange,
        "product": product, "type": "LIMIT" if price else "MARKET", "tag": "module-{module}",
    }}
'''


def write_modules(directory):
    """Writes the weight of an app's own code: modules that its start imports."""
    directory.mkdir()
    names = [f"part_{module}" for module in range(MODULES)]
    for module, name in enumerate(names):
        functions = (FUNCTION.format(n=n, module=module, limit=20 + n, lot=1 + n + module) for n in range(FUNCTIONS))
        (directory / f"{name}.py").write_text("".join(functions))
    (directory / "__init__.py").write_text("".join(f"from services import {name}  # noqa: F401\n" for name in names))


def checkout(directory):
    """Makes a checkout of the heavy app, and returns a name for all that goes into its images."""
    shutil.copytree(HERE / "heavy", directory)
    shutil.copy(HERE.parent / "templates/env", directory / ".sample.env")
    write_modules(directory / "services")
    (directory / "frontend/dist").mkdir()
    (directory / "frontend/dist/index.html").write_text("built\n")
    digest = hashlib.sha256(pathlib.Path(BASE + ".stamp").read_bytes())
    for top in (directory, HERE.parent / "templates"):  # of all that is built
        for path in sorted(top.rglob("*")):
            if path.is_file():
                digest.update(f"{path.relative_to(top)} {path.stat().st_size}\n".encode() + path.read_bytes())
    return digest.hexdigest()[:12]


def size(image):
    return int(docker("image", "inspect", image, "--format", "{{.Size}}"))


class Images:
    """Builds both images, or finds those of an earlier run with the same content.

    A build is measured without a cache: each has a base that Docker has not seen.
    """

    def __init__(self, work):
        self.checkout = work / "checkout"
        self.key = checkout(self.checkout)
        self.base, self.theirs, self.ours = (f"{REPOSITORY}:{name}-{self.key}" for name in ("base", "theirs", "ours"))
        self.kept = json.loads(KEPT.read_text()) if KEPT.exists() else {}
        if self.kept.get("key") != self.key or not docker("images", "-q", self.base):
            remove()
            self.kept = {"key": self.key}
            docker("import", "--change", f"LABEL {LABEL.replace('=', ' ')}", "--change", 'CMD ["bash"]', BASE, self.base)

    def has(self, whose):
        """Whether an image is known from an earlier run: "theirs" or "ours"."""
        return whose in self.kept and docker("images", "-q", getattr(self, whose)) != ""

    def answers(self):
        """The image of an answers file that builds the checkout in our way."""
        return (f"{{source: path, path: {self.checkout}, dockerfile: ours, build_args: "
                f"{{PYTHON_IMAGE: '{self.base}', NODE_IMAGE: '{self.base}', CHART_PACKAGES: '', FRONTEND: brought}}}}")

    def build_theirs(self):
        if not self.has("theirs"):
            began = time.monotonic()
            docker("build", "-t", self.theirs, "--build-arg", f"PYTHON_IMAGE={self.base}", str(self.checkout))
            self.keep("theirs", self.theirs, time.monotonic() - began)

    def offer_ours(self):
        """Gives the kept image the name by which the program looks for it."""
        if self.has("ours"):
            docker("tag", self.ours, self.kept["ours"]["ref"])

    def built_ours(self, ref, seconds):
        if not self.has("ours"):
            docker("tag", ref, self.ours)
            self.keep("ours", ref, seconds)

    def close(self):
        """Takes the program's name for it away again."""
        if "ours" in self.kept:
            docker("image", "rm", self.kept["ours"]["ref"], check=False)

    def keep(self, whose, ref, seconds):
        self.kept[whose] = {"ref": ref, "seconds": round(seconds, 1), "bytes": size(ref)}
        KEPT.parent.mkdir(parents=True, exist_ok=True)
        KEPT.write_text(json.dumps(self.kept, indent=2) + "\n")


class Registry:
    """A registry on this machine, with the image of docker build in releases from 1 that differ in their version."""

    def __init__(self, program, images, releases):
        self.process = subprocess.Popen((program,), stdout=subprocess.PIPE, text=True)
        self.repository = self.process.stdout.readline().strip() + "/heavy"
        self.releases = range(1, releases + 1)
        try:
            for release in self.releases:
                file = f"FROM {images.theirs}\nRUN echo 'VERSION = \"9.9.{release}\"' >utils/version.py\n"
                docker("build", "-t", self.ref(release), "-", input=file)
                docker("push", self.ref(release))
        except BaseException:
            self.close()
            raise

    def ref(self, release):
        return f"{self.repository}:{release}"

    def close(self):
        for release in self.releases:
            docker("image", "rm", "--force", self.ref(release), check=False)
        self.process.terminate()
        self.process.wait()


def remove():
    """Removes every image that was built on a base of ours."""
    before = None
    while (made := set(docker("images", "-aq", "--filter", f"label={LABEL.split('=')[0]}").split())) and made != before:
        for image in made:  # one that others stand on goes in a later round
            docker("image", "rm", "--force", image, check=False)
        before = made
    KEPT.unlink(missing_ok=True)


if __name__ == "__main__":
    remove()

"""Make the autograder to upload to Gradescope, and try it in a clean folder."""

import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from pathlib import Path

from utils.staff import StaffError, fields, isolation, receive, rubric
from utils.staff.editions import student_edition
from utils.staff.grade import course_key
from utils.whole_files import whole_file

ROOT = Path(__file__).resolve().parents[2]
FILES = Path(__file__).with_name("gradescope_files")
PACKAGES = ("numpy", "numba", "llvmlite", "threadpoolctl")
TIME = (2000, 1, 1, 0, 0, 0)
TOTAL = 600  # seconds that Gradescope waits


def add_arguments(parser):
    """Add the arguments of the command."""
    add = parser.add_argument
    add("--out", type=Path, required=True, metavar="ZIP", help="the archive to make")
    add("--key", type=Path, metavar="FILE", help="the course's secret (beside it)")
    add("--self-test", action="store_true", help="try it with seven submissions")


def run(arguments):
    """Make the archive, try it if asked to, and return the exit status."""
    key = course_key(arguments.key or arguments.out.with_name("course.key"))
    with whole_file(arguments.out) as file:
        file.write(archive(ROOT, key))
    size = f"{arguments.out.stat().st_size >> 10} kB"
    print(f"{arguments.out}: {size}, made from the last commit; keep it secret.")
    if not arguments.self_test:
        return 0
    level = isolation.best_level()
    print(f"isolation: {level}")
    if level not in isolation.TRUSTED:
        raise StaffError("Submissions cannot be shut off here: no self-test.")
    troubles = 0
    with tempfile.TemporaryDirectory(prefix="autograder-") as folder:
        image = Path(folder)
        build(arguments.out, image)
        for name, trial in trials().items():
            found, seconds = attempt(image, *trial)
            troubles += len(found)
            print(f"{name:10} {seconds:5.1f} s  {'; '.join(found) or 'ok'}")
    return 1 if troubles else 0


def archive(root, key):
    """Return the bytes of the autograder; the same commit gives the same bytes.

    Solutions are no part of it: what is right is computed otherwise.
    """
    files = {"course.key": key + b"\n"}
    for path, data in committed(root).items():
        if path == "requirements.txt":
            files[path] = requirements(data.decode()).encode()
        elif Path(path).parent.name == FILES.name:
            files[Path(path).name] = data
        elif not path.startswith("utils/exercises/"):
            files[f"workbook/{path}"] = data
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_STORED) as packed:
        for path, data in sorted(files.items()):
            info = zipfile.ZipInfo(path, TIME)
            info.create_system = 3  # Unix: the system whose permissions these are
            can_run = path in ("setup.sh", "run_autograder")
            info.external_attr = (0o100755 if can_run else 0o100644) << 16
            packed.writestr(info, data)
    return memory.getvalue()


def committed(root):
    """Return ``utils`` and the list of packages as of the last commit."""
    command = ["git", "-C", str(root), "archive", "HEAD", "utils", "requirements.txt"]
    packed = subprocess.run(command, capture_output=True)
    if packed.returncode:
        raise StaffError(packed.stderr.decode("utf-8", "replace").strip())
    with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as archive:
        return {
            member.name: archive.extractfile(member).read()
            for member in archive
            if member.isfile()
        }


def requirements(text):
    """Return the lines of requirements.txt that grading needs."""
    lines = text.splitlines()
    kept = [line for line in lines if re.split("[=<>~;\\[ ]", line)[0] in PACKAGES]
    return "\n".join(kept) + "\n"


def trials():
    """Return submissions that must come out in a known way.

    Returns
    -------
    dict
        Name -> files, the score that is expected (None: any), and the seconds after
        which the container is stopped.
    """
    solved = {
        path: Path(ROOT, path).read_bytes()
        for path in receive.PATHS
        if path.endswith(".py")
    }
    blank = {p: student_edition(d.decode(), p).encode() for p, d in solved.items()}
    layers = "utils/exercises/conv_layers.py"
    first = solved[layers]
    loop = first + b"\n\ndef conv_forward_naive(*arguments):\n    while True: pass\n"
    most = rubric.maximum(part for part in rubric.load() if part.auto)
    bomb = b"import os\nwhile True:\n    os.fork()\n"
    conv = sum(p.points for p in rubric.load() if p.auto and p.notebook == "CNN-Layers")
    return {
        "solved": (solved, most, TOTAL),
        "blank": (blank, 0, TOTAL),
        "empty": ({}, 0, TOTAL),
        "loop": (solved | {layers: loop}, most - 10, TOTAL),
        "crash": (solved | {layers: b"import os\nos._exit(0)\n"}, most - conv, TOTAL),
        "bomb": (dict.fromkeys(solved, bomb), 0, TOTAL),
        "stopped": (solved | {layers: b"while True: pass\n"}, None, 8),
    }


def build(packed, image):
    """Do what Gradescope and ``setup.sh`` do, but with the packages that are here."""
    with zipfile.ZipFile(packed) as archive:
        archive.extractall(image / "source")
    for path in (image / "source").rglob("*"):
        path.chmod(0o700)
    subprocess.run(["sh", "-n", image / "source" / "setup.sh"], check=True)
    command = [sys.executable, "-B", "-m", "utils.staff.container", image, "--warm"]
    subprocess.run(command, cwd=image / "source" / "workbook", check=True)


def attempt(image, files, score, seconds):
    """Grade a submission as Gradescope would, in a copy of its image.

    Returns
    -------
    found : list of str
        What is wrong with the results.
    seconds : float
        How long it took.
    """
    folder = Path(tempfile.mkdtemp(prefix="autograder-"))
    try:
        shutil.copytree(image / "source", folder / "source")
        for name in ("submission", "results"):
            (folder / name).mkdir()
        for path, data in files.items():
            (folder / "submission" / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / "submission" / path).write_bytes(data)
        (folder / "submission_metadata.json").write_text('{"id": 123456}')
        begin = time.monotonic()
        _run(folder, seconds)
        taken = time.monotonic() - begin
        return judged(folder / "results" / "results.json", score), taken
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(folder, seconds):
    """Run the script in a session of its own, and stop all of it in time."""
    script = folder / "source" / "run_autograder"
    own = {"AUTOGRADER": str(folder), "PYTHON": sys.executable}
    own |= {"PATH": os.environ["PATH"], "HOME": str(folder)}
    container = subprocess.Popen(
        ["sh", str(script)], env=own, cwd=folder, start_new_session=True
    )
    try:
        container.wait(seconds)
    except subprocess.TimeoutExpired:
        os.killpg(container.pid, signal.SIGKILL)
        container.wait()


def judged(path, score):
    """List what is wrong with a file of results."""
    try:
        results = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        return [f"There are no results: {error}"]
    found = fields.problems(results)
    if score is not None and results.get("score") != score:
        found.append(f"The score is {results.get('score')}, expected {score}.")
    return found

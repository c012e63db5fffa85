import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from utils.kernels import compiler

KERNELS = Path(compiler.__file__).parent
# `answer` is woven into `ask`; `other` is not.
SOURCES = {
    "answer": "def answer(x):\n    return x + 1",
    "other": "def other(x):\n    return x - 1",
    "ask": "def ask(x):\n    return 10 * answer(x)",
}
RUN = """
import sys
from utils.kernels.ask import ask
from utils.kernels.answer import answer
print(ask(1), *(sum(f.stats.cache_hits.values()) for f in (ask, answer)))
"""


@pytest.fixture
def copy(tmp_path):
    """Give a copy of the package with three small kernels of its own."""
    folder = tmp_path / "utils" / "kernels"
    folder.mkdir(parents=True)
    (tmp_path / "utils" / "__init__.py").touch()
    for name in ("__init__", "compiler", "interrupts", "notice"):
        (folder / f"{name}.py").write_bytes((KERNELS / f"{name}.py").read_bytes())
    for name in SOURCES:
        write(tmp_path, name)
    return tmp_path


def write(copy, name, old="", new=""):
    """Write a kernel's file, edited, with the same size and time as ever."""
    source = "from utils.kernels.compiler import kernel\n"
    if name == "ask":
        source += "from utils.kernels.answer import answer\n"
    source += "@kernel\n" + SOURCES[name].replace(old, new) + "\n"
    file = copy / "utils" / "kernels" / f"{name}.py"
    file.write_text(source)
    os.utime(file, (1e9, 1e9))


def start(copy, code=RUN, **variables):
    """Start Python in the copy, with a cache folder in it."""
    keep = ("PATH", "SYSTEMROOT", "TEMP", "TMP")
    env = {name: os.environ[name] for name in keep if name in os.environ}
    env |= {"XDG_CACHE_HOME": str(copy / "cache"), "LOCALAPPDATA": str(copy / "cache")}
    env |= {"PYTHONDONTWRITEBYTECODE": "1", "HOME": str(copy), "TMPDIR": str(copy)}
    return subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=copy,
        env=env | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(copy, code=RUN, **variables):
    """Run it to its end; give what it printed."""
    process = start(copy, code, **variables)
    out, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    return out.split()


def cached(copy):
    return sorted(p.name for p in copy.rglob("cnn-workbook-kernels/*/*"))


def test_code_is_kept_on_disk_and_nothing_beside_the_sources(copy):
    before = sorted((copy / "utils").rglob("*"))
    assert run(copy) == ["20", "0", "0"]
    assert [name.split(".")[0] for name in cached(copy)] == ["answer", "ask"]
    assert run(copy) == ["20", "1", "0"]  # answer is inside of ask: not asked for
    assert sorted((copy / "utils").rglob("*")) == before


def test_an_edit_is_seen_by_those_that_import_the_source(copy):
    run(copy)
    write(copy, "other", "- 1", "- 2")
    assert run(copy) == ["20", "1", "0"]
    write(copy, "answer", "+ 1", "+ 2")  # same size, same time
    assert run(copy) == ["30", "0", "0"]
    write(copy, "answer")
    assert run(copy) == ["20", "1", "0"]


def test_a_process_that_an_edit_overtakes_keeps_nothing(copy):
    code = """
import pathlib
from utils.kernels.ask import ask
file = pathlib.Path("utils/kernels/answer.py")
file.write_text(file.read_text().replace("+ 1", "+ 3"))
print(ask(1))
"""
    assert run(copy, code) == ["20"]
    assert cached(copy) == []
    assert run(copy) == ["40", "0", "0"]


def test_settings_of_the_compiler_have_code_of_their_own(copy):
    run(copy)
    assert run(copy, NUMBA_LOOP_VECTORIZE="0") == ["20", "0", "0"]
    assert run(copy) == ["20", "1", "0"]


def test_processes_may_compile_at_once(copy):
    together = [start(copy) for _ in range(3)]
    for process in together:
        out, errors = process.communicate(timeout=300)
        assert out.split()[:1] == ["20"], errors
    assert [name.split(".")[0] for name in cached(copy)] == ["answer", "ask"]
    assert run(copy) == ["20", "1", "0"]


def test_damaged_files_are_replaced(copy):
    run(copy)
    for file in copy.rglob("cnn-workbook-kernels/*/*"):
        file.write_bytes(file.read_bytes()[:100])
    assert run(copy) == ["20", "0", "0"]


def test_a_home_that_cannot_be_written_does_not_matter(copy):
    (copy / "file").touch()
    nowhere = str(copy / "file" / "cache")
    places = {"XDG_CACHE_HOME": nowhere, "LOCALAPPDATA": nowhere}
    assert run(copy, **places) == ["20", "0", "0"]
    assert run(copy, **places) == ["20", "1", "0"]  # in the temporary folder
    places["XDG_CACHE_HOME"] = ""
    assert run(copy, **places | {"HOME": nowhere})[1] == "1"


def test_a_disk_that_gives_out_does_not_matter(copy):
    code = """
import pathlib, shutil
from utils.kernels.ask import ask
for folder in pathlib.Path("cache/cnn-workbook-kernels").iterdir():
    shutil.rmtree(folder)
    folder.touch()
print(ask(1))
"""
    assert run(copy, code) == ["20"]


def test_memory_checks_keep_nothing(copy):
    assert run(copy, UTILS_CHECK_MEMORY="1") == ["20", "0", "0"]
    assert cached(copy) == []


def test_without_the_compiler_a_kernel_is_the_function_itself(copy):
    code = "from utils.kernels.ask import ask; print(type(ask).__name__, ask(1))"
    assert run(copy, code, NUMBA_DISABLE_JIT="1") == ["function", "20"]


def test_numbas_own_settings_stay_as_they_are(copy):
    code = """
import numba
before = numba.config.CACHE_DIR, numba.config.CACHE_LOCATOR_CLASSES
from utils.kernels.ask import ask
ask(1)
print(before == (numba.config.CACHE_DIR, numba.config.CACHE_LOCATOR_CLASSES))
"""
    assert run(copy, code) == ["True"]
    elsewhere = str(copy / "elsewhere")
    run(copy, NUMBA_CACHE_DIR=elsewhere)
    assert any(Path(elsewhere).rglob("ask.*"))


def test_arithmetic_is_ieee(copy):
    write(copy, "ask", "10 * answer(x)", "x != x, 1 / (x - x)")
    code = "from utils.kernels.ask import ask; print(*ask(float('nan')), *ask(1.0))"
    assert run(copy, code) == ["True", "nan", "False", "inf"]


def test_sums_in_any_order_are_kept_too_and_hand_a_nan_on(copy):
    file = copy / "utils" / "kernels" / "sums.py"
    file.write_text("""
from utils.kernels.compiler import kernel
@kernel(any_order=True)
def total(x):
    total = 0.0
    for value in range(len(x)):
        total += x[value]
    return total
""")
    code = """
import numpy as np
from utils.kernels.sums import total
x = np.arange(1000.0)
print(total(x), total(x * np.nan), total(x * np.inf), *total.stats.cache_hits.values())
"""
    assert run(copy, code) == ["499500.0", "nan", "nan"]
    assert run(copy, code) == ["499500.0", "nan", "nan", "1"]


def test_every_import_is_followed(monkeypatch):
    texts = {
        "a": "from utils.kernels import (\n    b,\n    c as d,\n)\n",
        "b": "if x:\n    from utils.kernels.e import f\n",
        "c": "import numpy\n# import g\n",
        "e": "import utils.kernels.a\n",
        "g": "",
    }
    monkeypatch.setattr(compiler, "_LOADED", dict.fromkeys(texts))
    monkeypatch.setattr(compiler, "_text", texts.get)
    assert compiler.with_imports("a") == ["a", "b", "c", "e"]
    assert compiler.with_imports("c") == ["c"]


def test_old_folders_are_removed_but_for_the_newest(tmp_path):
    now = time.time()
    ages = [0, 10, 2000, 3000, 5000, 9000, 8000]
    for number, age in enumerate(ages):
        folder = tmp_path / f"ask-{number}"
        folder.mkdir()
        (folder / "file").touch()
        os.utime(folder, (now - age, now - age))
    (tmp_path / "other-1").mkdir()
    compiler._prune(tmp_path, "ask")
    left = sorted(p.name for p in tmp_path.iterdir())
    assert left == ["ask-0", "ask-1", "ask-2", "ask-3", "other-1"]


def test_what_was_used_within_the_hour_stays(tmp_path):
    for number in range(2 * compiler.KEPT):
        (tmp_path / f"ask-{number}").mkdir()
    compiler._prune(tmp_path, "ask")
    assert len(list(tmp_path.iterdir())) == 2 * compiler.KEPT


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps temporary folders apart")
def test_a_shared_folder_must_be_ours_alone(tmp_path):
    assert compiler._is_private(tmp_path / "new")
    assert compiler._is_private(tmp_path / "new")
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    assert not compiler._is_private(tmp_path / "open")
    (tmp_path / "link").symlink_to(tmp_path / "new")
    assert not compiler._is_private(tmp_path / "link")


def test_a_module_is_imported_when_it_is_first_used(copy):
    code = """
import sys
from utils import kernels
print("utils.kernels.ask" in sys.modules, hasattr(kernels, "nothing"))
print(kernels.ask.ask(1), "utils.kernels.other" in sys.modules)
"""
    assert run(copy, code) == ["False", "False", "20", "False"]


def test_an_error_inside_a_module_is_not_taken_for_its_absence(copy):
    (copy / "utils" / "kernels" / "broken.py").write_text("import no_such_library\n")
    code = """
from utils import kernels
try:
    kernels.broken
except ModuleNotFoundError as error:
    print(error.name)
"""
    assert run(copy, code) == ["no_such_library"]

import base64
import gzip
import io
import json
import py_compile
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest

from tests.staff.conftest import EXERCISE
from utils.staff import handout, leaks
from utils.staff.given import given_files

NAME = "utils/exercises/conv_layers.py"
LINES = "    weights = np.full(X.shape, 0.125)\n    return float(np.sum(weights * X))"
ANSWER = "Every neuron reads its own small window of the layer below."


@pytest.fixture
def known(workbook):
    return leaks.fingerprints(given_files(workbook))


@pytest.fixture
def made(workbook, tmp_path):
    """Return a handout in a folder."""
    out = tmp_path / "handout"
    handout.put(handout.build(workbook), out)
    return out


def found(folder, known):
    return [str(leak) for leak in leaks.leaks(leaks.read(folder)[0], known)]


def test_a_true_handout_has_no_leak(made, known):
    assert found(made, known) == []
    assert len(known) > 20


def in_source(folder):
    path = folder / NAME
    path.write_text(path.read_text() + f"\ndef old():\n{LINES}\n")


def in_a_comment(folder):
    text = "\n".join(f"# {line}" for line in LINES.split("\n"))
    (folder / "README.md").write_text(text)


def in_a_docstring(folder):
    (folder / "utils" / "old.py").write_text(f'"""Old.\n\n{LINES}\n"""\n')


def in_a_notebook(folder, change):
    path = folder / "CNN.ipynb"
    notebook = json.loads(path.read_text())
    change(notebook)
    path.write_text(json.dumps(notebook))


def in_a_cell(folder):
    lines = LINES.splitlines(keepends=True)
    in_a_notebook(folder, lambda n: n["cells"][2].update(source=lines))


def in_an_answer(folder):
    in_a_notebook(folder, lambda n: n["cells"][1].update(source=[ANSWER]))


def in_an_output(folder):
    output = {"output_type": "stream", "name": "stdout", "text": [LINES]}
    in_a_notebook(folder, lambda n: n["cells"][2].update(outputs=[output]))


def in_a_shown_source(folder):
    html = LINES.replace("weights", "<span>weights</span>").replace("(", "<i>(</i>")
    data = {"text/html": [html]}
    output = {"output_type": "display_data", "metadata": {}, "data": data}
    in_a_notebook(folder, lambda n: n["cells"][2].update(outputs=[output]))


def in_a_traceback(folder):
    line = "\x1b[0;32m---> 31\x1b[0m   weights = np\x1b[39m.full(X.shape, 0.125)"
    output = {"output_type": "error", "ename": "E", "traceback": [line]}
    in_a_notebook(folder, lambda n: n["cells"][2].update(outputs=[output]))


def in_metadata(folder):
    in_a_notebook(folder, lambda n: n["metadata"].update(solution=LINES))


def in_widgets(folder):
    state = {"widgets": {"state": {"a": {"value": json.dumps({"code": LINES})}}}}
    in_a_notebook(folder, lambda n: n["metadata"].update(state))


def in_an_attachment(folder):
    text = base64.b64encode(ANSWER.encode()).decode()
    attachment = {"a.txt": {"text/plain": text}}
    in_a_notebook(folder, lambda n: n["cells"][1].update(attachments=attachment))


def in_compiled_code(folder):
    source = folder.parent / "conv_layers.py"
    source.write_text(EXERCISE)
    py_compile.compile(source, folder / "utils" / "__pycache__" / "conv_layers.pyc")


def in_compiled_code_by_another_name(folder):
    source = folder.parent / "conv_layers.py"
    source.write_text(EXERCISE)
    py_compile.compile(source, folder / "docs.bin")


def in_a_string_of_compiled_code(folder):
    source = folder.parent / "conv_layers.py"
    source.write_text(f'TEXT = """{LINES}"""')
    compiled = Path(py_compile.compile(source, folder.parent / "a.pyc")).read_bytes()
    (folder / "a.bin").write_bytes(compiled[1:])  # no longer known as compiled code


def in_a_backup(folder):
    (folder / "utils" / ".conv_layers.py.swp").write_bytes(b"b0VIM\0" + LINES.encode())


def in_checkpoints(folder):
    (folder / ".ipynb_checkpoints").mkdir()
    (folder / ".ipynb_checkpoints" / "CNN.ipynb").write_text(json.dumps(LINES))


def in_a_zip(folder):
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("solved.py", LINES)
    with zipfile.ZipFile(folder / "more.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inner.zip", inner.getvalue())


def in_a_git_object(folder):
    (folder / "objects").write_bytes(zlib.compress(b"blob 90\0" + LINES.encode()))


def in_a_picture(folder):
    (folder / "a.png").write_bytes(
        b"\x89PNG\r\n\x1a\n" + b"....zTXta\0\0" + zlib.compress(LINES.encode())
    )


def in_arrays(folder):
    np.savez_compressed(folder / "a.npz", source=np.array(LINES))


def in_base64(folder):
    packed = base64.b64encode(gzip.compress(LINES.encode())).decode()
    (folder / "README.md").write_text(f"data:text/plain;base64,{packed}")


def in_utf_16(folder):
    (folder / "README.md").write_text(LINES, encoding="utf-16")


def staff_text(folder):
    with (folder / "README.md").open("a") as file:
        file.write("\nOnly those who teach may know this sentence.\n")


CHANNELS = [
    in_source,
    in_a_comment,
    in_a_docstring,
    in_a_cell,
    in_an_answer,
    in_an_output,
    in_a_shown_source,
    in_a_traceback,
    in_metadata,
    in_widgets,
    in_an_attachment,
    in_compiled_code,
    in_compiled_code_by_another_name,
    in_a_string_of_compiled_code,
    in_a_backup,
    in_checkpoints,
    in_a_zip,
    in_a_git_object,
    in_a_picture,
    in_arrays,
    in_base64,
    in_utf_16,
    staff_text,
]


@pytest.mark.parametrize("plant", CHANNELS)
def test_a_leak_is_found_in_each_channel(made, known, plant):
    before = {path: path.read_bytes() for path in made.rglob("*") if path.is_file()}
    plant(made)
    changed = {
        path.relative_to(made).as_posix()
        for path in made.rglob("*")
        if path.is_file() and before.get(path) != path.read_bytes()
    }
    lines = found(made, known)
    assert lines and changed
    assert all(line.startswith(tuple(changed)) for line in lines)


def test_a_leak_is_said_with_place_and_region(made, known):
    in_source(made)
    (line,) = found(made, known)
    assert line.startswith(f"{NAME}, line 29: ")
    assert line.endswith(f" is from {NAME}, lines 22 to 23")


def test_the_canary_alone_is_a_leak(made, known):
    canary = next(iter(known.canaries))
    (made / "a.txt").write_text(f"x\n{canary}\n")
    (line,) = found(made, known)
    assert line.startswith(f"a.txt, line 2: '{canary}' is from ")


def test_a_file_that_cannot_be_looked_into_is_a_leak(made, known, monkeypatch):
    monkeypatch.setattr(leaks.views, "LARGEST", 50)
    (made / "a.gz").write_bytes(gzip.compress(bytes(100)))
    (leak,) = leaks.leaks({"a.gz": (made / "a.gz").read_bytes()}, known)
    assert leak.what.startswith("a.gz cannot be looked into")


def test_links_and_environments_are_left_out_and_named(
    made, known, capsys, workbook, monkeypatch
):
    monkeypatch.setattr(leaks, "ROOT", workbook)
    files, left = leaks.read(made)
    assert left == [] and files
    (made / "utils" / "link").symlink_to(made)
    (made / "own" / "lib").mkdir(parents=True)
    (made / "own" / "lib" / "a.py").write_text(LINES)
    assert found(made, known) != []
    (made / "own" / "pyvenv.cfg").write_text("")
    assert leaks.read(made) == (files, ["own", "utils/link"])
    assert leaks.run(type("", (), {"target": made})) == 0
    said = "Not looked at, being links or environments of Python: 2 (own, utils/link)."
    assert capsys.readouterr().out.startswith(said)


def test_of_an_archive_the_files_inside_are_counted(made, tmp_path):
    files, _ = leaks.read(made)
    assert leaks._inside(files) == ""
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a/", "")
        archive.writestr("a/one.py", "")
        archive.writestr("a/two.py", "")
    assert leaks._inside(leaks.read(tmp_path / "a.zip")[0]) == " with 2 files inside"


def test_command(workbook, made, monkeypatch, capsys):
    monkeypatch.setattr(leaks, "ROOT", workbook)
    arguments = type("", (), {"target": made})
    assert leaks.run(arguments) == 0
    assert capsys.readouterr().out.startswith("No leak in 5 files: ")
    in_an_answer(made)
    assert leaks.run(arguments) == 1
    out = capsys.readouterr().out.splitlines()
    assert out[0].startswith("CNN.ipynb, line 1: 'Every neuron reads its own small")
    assert out[-1] == f"1 leak in {made}."


def test_of_a_file_beside_the_folder(made, tmp_path, known):
    path = tmp_path / "handout.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/solved.py", LINES)
    (line,) = found(path, known)
    assert "handout.zip" in line

"""Grading one submission."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.exercises.bank import IDS_BY_GROUP, Implementation, implementations
from tests.exercises.bank import judge as judge_in_process
from utils.checks import process
from utils.staff import isolation, judge, receive, rubric, stage, warm

ROOT = Path(__file__).resolve().parents[2]
RUBRIC = rubric.load()
AUTO = {part.id: part.points for part in RUBRIC if part.auto}
# One of so many wrong implementations of a group is graded here; all of them are by
# `python -m tests.staff.class_of_500 --bank`.
SAMPLE = 12


def exercise(name):
    return (ROOT / "utils" / "exercises" / f"{name}.py").read_bytes()


SOLVED = {f"utils/exercises/{name}.py": exercise(name) for name in receive.EXERCISES}


@pytest.fixture(scope="module")
def setting(tmp_path_factory):
    given = stage.prepare(tmp_path_factory.mktemp("given") / "given")
    return judge.Setting([p for p in RUBRIC if p.auto], b"key", given, seconds=20)


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    cache = warm.warm(tmp_path_factory.mktemp("kernels"))
    with isolation.Room(isolation.best_level(), cache=cache) as room:
        yield room


def points(files, room, setting, parts=None):
    """Return the points of each part, or of some."""
    if parts:
        chosen = [part for part in setting.parts if part.id in parts]
        setting = setting._replace(parts=chosen)
    record = judge.grade(receive.Submission("s", files), room, setting)
    json.dumps(record)  # plain values only
    return {name: part["points"] for name, part in record["parts"].items()}


def variants():
    everywhere = implementations("correct")
    return [i for i in everywhere if i.group != "spatial_groupnorm"]  # no points


@pytest.mark.slow
def test_the_solved_workbook_gets_every_automatic_point(room, setting):
    assert points(SOLVED, room, setting) == AUTO


@pytest.mark.slow
def test_the_blank_handout_gets_none_and_nothing_crashes(room, setting):
    from utils.staff import editions

    blank = {
        path: editions.student_edition(data.decode(), path).encode()
        for path, data in SOLVED.items()
    }
    record = judge.grade(receive.Submission("blank", blank), room, setting)
    states = {part["state"] for part in record["parts"].values()}
    assert states == {"todo"}
    assert not any(part["points"] or part["died"] for part in record["parts"].values())


def submission_of(implementation):
    """Return the solved files, with a wrong implementation in place of its part."""
    path = ROOT / "tests" / "exercises" / implementation.kind / implementation.group
    text = (path / f"{implementation.name}.py").read_bytes()
    module = judge.EXERCISE_BY_ID[IDS_BY_GROUP[implementation.group][0]].module
    file = f"utils/exercises/{module}.py"
    text = text.replace(
        b"from utils.exercises.cnn import ThreeLayerConvNet as Solved", b""
    )
    if implementation.group == "cnn" and b"(Solved)" in text:
        alias = b"\n\nSolved = ThreeLayerConvNet\ndel ThreeLayerConvNet\n\n\n"
        return SOLVED | {file: SOLVED[file] + alias + text}
    return SOLVED | {file: SOLVED[file] + b"\n\n\n" + text}


def own_parts(implementation):
    """Return the parts whose function it defines; some define a forward pass, too."""
    path = ROOT / "tests" / "exercises" / implementation.kind / implementation.group
    text = (path / f"{implementation.name}.py").read_text()
    defined = set(re.findall(r"^(?:def|class) (\w+)", text, re.MULTILINE))
    names = {name: judge.EXERCISE_BY_ID[name].names[-1] for name in AUTO}
    group = set(IDS_BY_GROUP[implementation.group])
    return group | {part for part, name in names.items() if name in defined}


def graded():
    return [
        implementation
        for group in IDS_BY_GROUP
        if group != "spatial_groupnorm"  # earns no points
        for implementation in implementations("wrong", group)[::SAMPLE]
    ]


@pytest.mark.slow
@pytest.mark.parametrize("wrong", graded(), ids=str)
def test_a_wrong_implementation_loses_its_own_parts_only(wrong, room, setting):
    found = points(submission_of(wrong), room, setting)
    lost = {name for name, value in found.items() if value == 0}
    assert lost & set(IDS_BY_GROUP[wrong.group]) and lost <= own_parts(wrong)


def test_a_wrong_forward_pass_costs_nothing_behind_it(room, setting):
    wrong = Implementation("wrong", "max_pool_forward", "zero_padded")
    names = [str(i) for i in implementations("wrong", "max_pool_forward")]
    if str(wrong) not in names:
        wrong = implementations("wrong", "max_pool_forward")[0]
    pooling = ["max-pool-forward", "max-pool-backward"]
    files = submission_of(wrong)
    path = "utils/exercises/conv_layers.py"
    name = b"def max_pool_forward_naive"
    unwritten = b"\n\n" + name + b"(*arguments):\n    raise NotImplementedError\n"
    endless = b"\n\n" + name + b"(*arguments):\n    while True:\n        pass\n"
    quick = setting._replace(seconds=2.0)
    for text in (unwritten, endless):
        other = SOLVED | {path: SOLVED[path] + text}
        found = points(other, room, quick, pooling)
        assert found == dict(zip(pooling, (0, 8), strict=True))
    assert points(files, room, setting, pooling) == dict(
        zip(pooling, (0, 8), strict=True)
    )


def test_what_is_missing_is_told_apart(room, setting):
    files = {"utils/exercises/receptive_field.py": b"def receptive_field(:"}
    chosen = setting._replace(parts=setting.parts[:2])
    record = judge.grade(receive.Submission("s", files), room, chosen)
    states = {name: part["state"] for name, part in record["parts"].items()}
    assert states == {"receptive-field": "failed", "conv-forward": "missing"}
    assert "is not Python" in record["parts"]["receptive-field"]["results"][0][2]


def test_a_process_of_ours_that_does_not_start_is_no_fault_of_a_student(
    room, setting, monkeypatch
):
    """A folder that cannot be shown ends the process before it runs any code."""
    files = {"utils/exercises/receptive_field.py": b"1 / 0"}
    chosen = setting._replace(parts=setting.parts[:1])

    def graded():
        record = judge.grade(receive.Submission("s", files), room, chosen)
        return record["parts"]["receptive-field"]

    assert graded()["state"] == "failed", "this one did start"
    command = "import sys; sys.exit('/nowhere is not there')"

    def launch(_, **options):
        return subprocess.Popen([sys.executable, "-c", command], **options)

    monkeypatch.setattr(room, "launch", launch)
    found = graded()
    assert found["state"] == "stopped" and found["points"] == 0
    assert "ended with status 1" in found["results"][0][0]
    assert "/nowhere is not there" in found["results"][0][0]

    def refused(*_, **options):
        raise OSError("no more processes")

    monkeypatch.setattr(room, "launch", refused)
    assert graded()["state"] == "stopped"


def test_what_cannot_be_read_has_no_verdict(room, setting):
    parts = setting._replace(parts=setting.parts[:2])
    path = "utils/exercises/conv_layers.py"
    submission = receive.Submission("s", {}, unread=(path,))
    states = judge.grade(submission, room, parts)["parts"]
    assert [part["state"] for part in states.values()] == ["missing", "unread"]


def test_who_runs_out_of_time_is_told_apart(room, setting):
    path = "utils/exercises/receptive_field.py"
    for body, slow in ((b"while True: pass", True), (b"return 0", False)):
        text = b"def receptive_field(*layers):\n    " + body
        submission = receive.Submission("s", {path: text})
        chosen = setting._replace(parts=setting.parts[:1], seconds=1.0)
        record = judge.grade(submission, room, chosen)
        assert record["parts"]["receptive-field"]["slow"] is slow
        assert record["limit"] == 1.0


def test_who_is_stopped_died_and_who_says_undecided_has_not_passed(room, setting):
    pooling = [part for part in setting.parts if part.id == "max-pool-forward"]
    path = "utils/exercises/conv_layers.py"
    for body, state, died in (
        (b"os._exit(1)", "failed", True),
        (b"raise NotImplementedError('undecided: ...')", "todo", False),
    ):
        head = b"\n\nimport os\nright, calls = max_pool_forward_naive, []\n"
        function = b"def max_pool_forward_naive(*given):\n    calls.append(1)\n"
        function += b"    if len(calls) > 1:\n        " + body
        function += b"\n    return right(*given)\n"
        files = {path: SOLVED[path] + head + function}
        submission = receive.Submission("s", files)
        record = judge.grade(submission, room, setting._replace(parts=pooling))
        found = record["parts"]["max-pool-forward"]
        assert (found["state"], found["died"], found["points"]) == (state, died, 0)


def test_after_the_budget_nothing_begins(room, setting):
    record = judge.grade(
        receive.Submission("s", SOLVED), room, setting._replace(budget=-1)
    )
    assert {part["state"] for part in record["parts"].values()} == {"late"}


def test_an_import_without_end_is_waited_for_once(room, setting):
    files = {"utils/exercises/conv_layers.py": b"while True: pass"}
    parts = [part for part in setting.parts if part.notebook == "CNN-Layers"]
    chosen = setting._replace(parts=parts, start=2.0)
    record = judge.grade(receive.Submission("s", files), room, chosen)
    assert record["seconds"] < 20
    assert {part["state"] for part in record["parts"].values()} == {"failed"}


def test_inputs_depend_on_key_and_submission():
    def drawn(key, name, part="conv-forward"):
        with judge.varied(key, name, part):
            return np.random.default_rng(5).integers(0, 1 << 62)

    same = drawn(b"key", "ada")
    assert drawn(b"key", "ada") == same
    others = {drawn(b"key", "bob"), drawn(b"other", "ada")}
    others.add(np.random.default_rng(5).integers(0, 1 << 62))
    assert len(others) == 3 and same not in others
    for part in ("cnn-loss", "spatial-batchnorm-forward"):
        assert drawn(b"key", "ada", part) in others, "these are fixed"


@pytest.mark.slow
@pytest.mark.parametrize("correct", variants(), ids=str)
def test_a_correct_variant_is_accepted_with_any_inputs(correct, monkeypatch, capsys):
    [*ids] = IDS_BY_GROUP[correct.group]
    monkeypatch.setattr(process.LIMITS, "separate", False)
    for name in ("ada", "bob", "eve"):
        with judge.varied(b"key", name, ids[0]):
            judge_in_process.cache_clear()
            assert judge_in_process(correct).accepted
    judge_in_process.cache_clear()


def test_limits_are_put_back(room, setting):
    before = vars(process.LIMITS).copy()
    points(SOLVED, room, setting, ["receptive-field"])
    assert vars(process.LIMITS) == before


def test_the_version_is_that_of_the_code(monkeypatch, tmp_path):
    assert judge.version() == judge.version() and len(judge.version()) == 12
    ignored = shutil.ignore_patterns("__pycache__")  # others may be writing there
    shutil.copytree(judge.UTILS, tmp_path / "utils", ignore=ignored)
    monkeypatch.setattr(judge, "UTILS", tmp_path / "utils")
    found = {judge.version()}
    for name in ("receptive_field/sets.py", "checks/oracle.py", "staff/rubric.toml"):
        with open(judge.UTILS / name, "a") as file:
            file.write("# new\n")
        found.add(judge.version())
    assert len(found) == 4
    (judge.UTILS / "exercises" / "cnn.py").unlink()
    assert judge.version() in found

"""The attack corpus: no point is forged, nothing outside is touched, and it ends.

`attacks/<file>/` holds what stands in the place of an exercise file, `attacks/archives`
makes submissions whose packing is the attack.  Every one is graded as in a batch, at
the best level of isolation that works here; the report says which.
"""

import contextlib
import json
import os
import site
import socket
from pathlib import Path

import pytest

from tests.staff.attacks.archives import ARCHIVES, ROOT
from utils.staff import isolation, judge, receive, results, rubric, stage

FOLDER = Path(__file__).parent / "attacks"
ATTACKS = sorted(FOLDER.glob("*/*.py"))
SECRET = "the secret of the course, 8a1f"
PARTS = {"receptive_field": "receptive-field", "conv_layers": "max-pool-forward"}
RUBRIC = rubric.load()
RAN = []  # at which levels, for the summary

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        isolation.best_level() not in isolation.TRUSTED,
        reason=f"isolation: only {isolation.best_level()!r} works here",
    ),
]


@pytest.fixture(scope="module")
def ground(tmp_path_factory):
    """Give a room, a setting, and a folder that is nobody else's business."""
    outside = tmp_path_factory.mktemp("outside")
    for name in ("kept.txt", "results.json"):
        (outside / name).write_text(SECRET)
        (outside / name).chmod(0o600)
    given = stage.prepare(tmp_path_factory.mktemp("given") / "given")
    parts = [part for part in RUBRIC if part.id in PARTS.values()]
    setting = judge.Setting(parts, SECRET.encode(), given, seconds=3.0, start=10.0)
    with isolation.Room(isolation.best_level()) as room:
        yield room, setting, outside


def solved(module):
    return (ROOT / "utils" / "exercises" / f"{module}.py").read_bytes()


def packages():
    return [sorted(os.listdir(folder)) for folder in site.getsitepackages()]


def owners(folder):
    for name in os.listdir(folder):
        with contextlib.suppress(OSError):  # gone in between
            yield os.lstat(f"{folder}/{name}").st_uid


def student_text(record):
    return json.dumps(results.for_student(record, RUBRIC))


def test_there_are_at_least_fifty():
    assert len(ATTACKS) + len(ARCHIVES) >= 50


@pytest.mark.parametrize("path", ATTACKS, ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_an_attack_gains_nothing(path, ground, request):
    room, setting, outside = ground
    if path.stem == "looks_for_the_solution" and room.level == "uid":
        pytest.skip("the solution is open to all users: `grade` refuses")
    server = socket.create_server(("127.0.0.1", 0))
    request.addfinalizer(server.close)
    server.setblocking(False)
    text = path.read_text().replace("OUTSIDE", str(outside))
    text = text.replace("61234", str(server.getsockname()[1]))
    files = {f"utils/exercises/{module}.py": solved(module) for module in PARTS}
    files[f"utils/exercises/{path.parent.name}.py"] = text.encode()
    before = packages()
    record = judge.grade(receive.Submission(path.stem, files), room, setting)
    RAN.append(record["level"])
    attacked = PARTS[path.parent.name]
    points = {name: part["points"] for name, part in record["parts"].items()}
    assert points.pop(attacked) == 0
    assert all(points.values()), "another exercise lost its points"
    assert record["level"] == isolation.best_level()
    assert packages() == before
    assert sorted(os.listdir(outside)) == ["kept.txt", "results.json"]
    assert all(file.read_text() == SECRET for file in outside.iterdir())
    assert SECRET not in json.dumps(record)
    assert len(student_text(record)) < 10_000
    with pytest.raises(BlockingIOError):
        server.accept()
    assert room.uid not in owners("/tmp")


@pytest.mark.parametrize("name", ARCHIVES)
def test_a_hostile_archive_is_read_or_refused(name, ground, tmp_path):
    room, setting, _ = ground
    folder = tmp_path / "submissions"
    folder.mkdir()
    path = ARCHIVES[name](folder)
    before = sorted(tmp_path.rglob("*"))
    submission = receive.take(path)
    record = judge.grade(submission, room, setting)
    RAN.append(record["level"])
    refused = (ARCHIVES[name].__doc__ or "").startswith(("Refused", "Worth nothing"))
    assert record["parts"]["receptive-field"]["points"] == (0 if refused else 2)
    assert record["parts"]["max-pool-forward"]["points"] == 0
    assert set(submission.files) <= set(receive.PATHS)
    assert sum(map(len, submission.files.values())) < 30 << 20
    assert "<script>" not in submission.files.get("CNN.ipynb", b"").decode()
    assert sorted(tmp_path.rglob("*")) == before
    assert submission.notes  # at least that exercises are missing


def test_what_others_leave_behind_is_gone(ground):
    room, _, _ = ground
    if room.level == "netns":
        assert os.listdir(room.root) == []
    owned = 0
    for number in filter(str.isdigit, os.listdir("/proc")):
        try:
            owned += os.stat(f"/proc/{number}").st_uid == room.uid
        except OSError:
            pass  # it has just ended
    assert room.uid is None or owned == 0

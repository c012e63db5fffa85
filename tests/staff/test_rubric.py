"""The rubric, and that it says what notebooks and checks say."""

import tomllib
from pathlib import Path

import pytest

from utils.checks.runner import EXERCISE_BY_ID
from utils.staff import StaffError, rubric

ROOT = Path(__file__).resolve().parents[2]


def test_points_are_those_of_the_homework():
    parts = rubric.load()
    totals = {}
    for part in parts:
        totals[part.notebook] = totals.get(part.notebook, 0) + part.points
    assert list(totals.values()) == [10, 40, 20, 30]
    assert rubric.maximum(parts) == 100


def test_it_agrees_with_the_questions_of_the_notebooks():
    text = (ROOT / "utils" / "pdf" / "questions.toml").read_text()
    questions = tomllib.loads(text)
    assert {(p.notebook, p.id, p.points) for p in rubric.load()} == {
        (notebook, name, row["points"])
        for notebook, rows in questions.items()
        for name, row in rows.items()
    }


def test_what_has_a_check_that_trains_nothing_is_automatic():
    auto = [part.id for part in rubric.load() if part.auto]
    wanted = [
        name for name, exercise in EXERCISE_BY_ID.items() if not exercise.optional
    ]
    assert auto == [name for name in wanted if name != "cnn-65-percent"]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("[A]\na = 1", "every row is like"),
        ('[A]\na = { points = 1, by = "luck" }', "every row is like"),
        ('[A]\na = { points = "1", by = "manual" }', "points of a are no number"),
        ('[A]\na = { points = -1, by = "manual" }', "points of a are no number"),
        ('[A]\na = { points = 1, by = "auto" }', "there is no check named a"),
        ("[A", "rubric.toml: "),
    ],
)
def test_a_mistake_is_a_sentence(text, error, tmp_path):
    path = tmp_path / "rubric.toml"
    path.write_text(text)
    with pytest.raises(StaffError, match=error):
        rubric.load(path)

import numpy as np
import pytest

from utils.checks import ask, check_quiz
from utils.checks.quiz import questions


def test_the_first_questions_by_hand():
    # seed 1: 4 + 4; 5 + 1 * 3 + 6 * 6; 3 + 6 * 4; 3 * 4 * 2; own windows of CL3: 2 - 1;
    # 2 * 8 - (3 + 2 * 2); 4 + 2 * 2; 28 - 6 * 3, which leaves 10 of 28
    found = [question.answer for question in questions(1)]
    assert found == [8, 44, 27, 24, 1, 9, 8, 10]
    assert all(result.passed for result in check_quiz(1, found))


def test_slips_with_a_padded_net_by_hand():
    # seed 1, question 6: 6 x 6 stride 2, 4 x 4 stride 4, paddings 3 and 2, neuron 2
    slips = {wrong: hint for hint, wrong in questions(1)[5].mistakes}
    assert "without padding" in slips[2 * 8]
    assert "is s1 pixels wide" in slips[2 * 8 - (3 + 2)]
    assert "padding of CL2 moves" in slips[2 * 8 - 3]
    assert "padding of CL1 moves" in slips[2 * 8 - 2 * 2]
    assert "count from 0" in slips[9 - 8]
    assert "the last pixel" in slips[9 + (6 + 3 * 2) - 1]


def test_slips_with_a_dilated_layer_by_hand():
    # seed 1, question 7: 4 x 4, then 3 x 3 with dilation 2: 3 + 2 * 2 steps, 8 pixels
    slips = {wrong: hint for hint, wrong in questions(1)[6].mistakes}
    assert "not d m" in slips[3 + 2 * 3]
    assert "dilation is not used" in slips[4 + 3 - 1]
    assert "only CL2 is dilated" in slips[2 * 3 + 2 * 2 + 1]
    assert "the window of CL2 alone" in slips[2 * 2 + 1]
    assert "one pixel more than steps" in slips[3 + 2 * 2]


def test_a_seed_draws_the_same_questions_and_another_one_others(capsys):
    assert questions(3) == questions(3)
    assert questions(3) != questions(4)
    ask(3)
    shown = capsys.readouterr().out
    assert shown.count("\n1. ") + shown.startswith("1. ") == 1
    assert "\n8. " in shown and max(map(len, shown.splitlines())) <= 76


def test_every_mistake_gets_its_reason():
    for seed in range(3):
        asked = questions(seed)
        for k, question in enumerate(asked):
            for _, wrong in question.mistakes:
                if wrong == question.answer:
                    continue
                answers = [q.answer for q in asked]
                answers[k] = wrong
                hints = [h for h, other in question.mistakes if other == wrong]
                message = check_quiz(seed, answers)[k].message
                assert message.startswith(f"{wrong} is not right: {hints[0]}")
                second = next((hint for hint in hints if hint != hints[0]), "")
                assert message.count("; or ") == bool(second) and second in message


def test_sizes_added_up_are_told_what_overlaps_before_rarer_reasons():
    # 4 x 4 and 5 x 5, strides 1: whoever adds the sizes is one pixel too high
    answers = [4 + 5, *[None] * 7]
    message = check_quiz(1, answers)[0].message
    assert "the last of m pixels is not m steps away from the first; or " in message
    assert "odd windows" not in message


def test_questions_without_strides_get_no_hint_about_strides():
    for seed in range(20):
        hints = [hint for hint, _ in questions(seed)[0].mistakes]
        assert hints and not any("stride" in hint for hint in hints)


@pytest.mark.parametrize("seed", [-1, "1", 1.5, None])
def test_a_seed_is_a_whole_number(seed):
    with pytest.raises(ValueError, match="The seed is .*, expected an int >= 0"):
        ask(seed)


def test_other_wrong_answers():
    answers = [question.answer for question in questions(5)]
    message = check_quiz(5, [-99, *answers[1:]])[0].message
    assert "-99 is not right: too small; draw the cone of one neuron of CL2" in message
    # seed 1: 3 + 6 * 4 pixels, and twelve too many
    third = check_quiz(1, [None, None, 27 + 12])[2].message
    assert "too large; draw the cone" in third
    assert "how many neurons of CL1 does it read, and how many pixels apart" in third
    last = check_quiz(5, [*answers[:7], 99])[7].message
    assert last == "99 is not right: too large; draw the cone."


@pytest.mark.parametrize("value", ["8", 7.5, float("nan"), float("inf"), [8], True, 1j])
def test_what_is_no_whole_number(value):
    result = check_quiz(1, [value, *[0] * 7])[0]
    assert result.passed is False and "is no whole number" in result.message


@pytest.mark.parametrize("value", [8.0, np.int64(8), np.float32(8)])
def test_other_ways_to_write_a_whole_number(value):
    assert check_quiz(1, [value, *[0] * 7])[0].passed


@pytest.mark.parametrize("answers", [[None] * 8, [], None, 5, (...,) * 8])
def test_not_answered(answers):
    assert [result.passed for result in check_quiz(1, answers)] == [None]

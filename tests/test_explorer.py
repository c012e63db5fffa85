import sys
from types import SimpleNamespace

import pytest

from utils.explorer import draw_cone, explore
from utils.receptive_field import Layer, chain


@pytest.fixture
def made(monkeypatch):
    """A stand-in for ipywidgets: what was made of it, and its first call."""

    def int_slider(value, low, high, description):
        return SimpleNamespace(value=value, low=low, high=high, text=description)

    def interactive(draw, **sliders):
        draw(**{name: slider.value for name, slider in sliders.items()})
        return SimpleNamespace(draw=draw, sliders=sliders)

    fake = SimpleNamespace(IntSlider=int_slider, interactive=interactive)
    monkeypatch.setitem(sys.modules, "ipywidgets", fake)
    return explore(num_layers=2, size=12)


def test_one_slider_for_each_number(made):
    assert [*made.sliders] == ["unit", "m1", "s1", "p1", "m2", "s2", "p2"]
    assert {slider.text for slider in made.sliders.values()} >= {"neuron", "stride 2"}
    for slider in made.sliders.values():
        assert slider.low <= slider.value <= slider.high


def test_every_position_of_the_sliders_draws_or_says_why(made, capsys):
    for value in (0, 1, 3):
        numbers = {name: max(slider.low, min(value, slider.high))
                   for name, slider in made.sliders.items()}  # fmt: skip
        made.draw(**numbers)
    assert capsys.readouterr().out == ""
    made.draw(unit=0, m1=7, s1=1, p1=0, m2=7, s2=1, p2=0)
    assert "has no unit" in capsys.readouterr().out


def test_the_title_tells_what_is_seen():
    ax = draw_cone(chain([3, 3], [2, 2], [0, 1]), unit=9, size=8)
    assert ax.get_title() == "Neuron 1 of 2 sees 5 pixels; nobody sees 1 of 8"
    assert draw_cone([Layer(3)], 0, 5).get_title() == "Neuron 0 of 3 sees 3 pixels"


def test_without_ipywidgets_a_sentence(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    assert explore() is None
    assert "needs the package ipywidgets" in capsys.readouterr().out

import pytest

from tests.experiments.small import TINY, make_data
from tests.kernels.engine import needs_compiler
from utils.experiments import timing


def test_a_stopwatch_counts_and_passes_everything_on():
    class Inner:
        blocks = 7

        def forward(self, x, *, twice=False):
            return 2 * x if twice else x

    seconds = {}
    watched = timing.Stopwatch(Inner(), "conv1", seconds)
    assert watched.blocks == 7
    assert watched.forward(3, twice=True) == 6 and watched.forward(3) == 3
    ((key, times),) = seconds.items()
    assert key == ("conv1", "forward") and len(times) == 2 and min(times) >= 0


@needs_compiler
def test_a_step_is_the_sum_of_its_parts():
    rows, parts = timing.measure_step(TINY, make_data(), size=20, repeats=3)
    ways = {"forward", "gradient of w", "gradient of x"}
    for k in range(1, 7):
        mine = {row["pass"]: row for row in rows if row["name"] == f"conv{k}"}
        # Nothing before conv1 needs a gradient but the whitening's bias.
        assert set(mine) == ways
    assert [row["pass"] for row in rows if row["name"] == "whiten1"] == ["forward"]
    (row,) = [r for r in rows if (r["name"], r["pass"]) == ("conv3", "forward")]
    # 20 -> 19 -> 9 pixels; 16 filters of 3 x 3 on 16 channels; 20 images.
    flops = 2 * 9 * 9 * 16 * 16 * 9 * 20
    assert row["gflops"] * row["seconds"] * 1e9 == pytest.approx(flops)
    convolutions = sum(s for name, s in parts.items() if name.startswith("conv"))
    alone = sum(row["seconds"] for row in rows)
    assert alone < convolutions * (1 + 1e-9)  # the affine layer is among them
    assert list(parts)[0] == "making the batch" and list(parts)[-1] == "optimizer"
    assert min(parts.values()) >= 0

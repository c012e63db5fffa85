import json

from tests.experiments.test_runs import write
from utils.experiments import figures


def test_what_there_are_results_for_is_drawn(tmp_path):
    drawn, missing = figures.draw_all(tmp_path / "docs", tmp_path)
    assert drawn == [] and missing == ["fast65", "ablation", "sizes"]
    write(tmp_path, "fast65", 0, 1.5, 0.67)
    rows = {"all": [{"accuracy": 0.7}], "none": [{"accuracy": 0.6}]}
    (tmp_path / "ablation.json").write_text(json.dumps({"results": rows}))
    curve = {"seconds": [1, 2], "accuracy": [0.2, 0.5], "size": [20, 32]}
    (tmp_path / "sizes.json").write_text(json.dumps({"results": {"a": [curve]}}))
    drawn, missing = figures.draw_all(tmp_path / "docs", tmp_path)
    names = ["cnn-frontier.png", "cnn-ablation.png", "cnn-sizes.png"]
    assert [path.name for path in drawn] == names and missing == []
    assert all(path.read_bytes()[:4] == b"\x89PNG" for path in drawn)
    assert (figures.FOLDER / "ladder.png").exists()  # the default is docs/

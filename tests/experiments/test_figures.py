from utils.experiments import figures


def test_all_results_are_drawn(tmp_path):
    drawn = figures.draw_all(tmp_path / "docs")
    names = ["cnn-frontier.png", "cnn-ablation.png", "cnn-sizes.png"]
    assert [path.name for path in drawn] == names
    assert all(path.read_bytes()[:4] == b"\x89PNG" for path in drawn)
    assert (figures.FOLDER / "ladder.png").exists()  # the default is docs/

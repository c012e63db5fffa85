import json

from utils.recipes import records


def test_the_machine_is_described_as_json_can_hold_it():
    about = records.machine()
    assert json.loads(json.dumps(about)) == about
    assert about["threads"] >= 1 and about["python"].startswith("3.")


def test_a_file_ends_with_a_line(tmp_path):
    records.write(tmp_path / "new" / "a.json", "{}")
    assert (tmp_path / "new" / "a.json").read_text() == "{}\n"

import errno
import hashlib
import io
import json
import socket
import threading
import time
import types

import pytest

from utils.cifar10 import download
from utils.cifar10.download import DownloadError, fetch

CONTENT = bytes(range(256)) * 80  # 20,480 bytes
MD5 = hashlib.md5(CONTENT).hexdigest()


@pytest.fixture(autouse=True)
def direct_and_in_small_pieces(monkeypatch):
    monkeypatch.setattr(download, "CHUNK", 1000)
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def target(tmp_path):
    return tmp_path / "data.tar.gz"


def leave_part(target, content, **note):
    target.with_name(target.name + ".part").write_bytes(content)
    if note:
        target.with_name(target.name + ".part.json").write_text(json.dumps(note))


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_fetches_a_file_and_leaves_nothing_else(file_server, target):
    file_server.files["/a"] = file_server.Served(CONTENT)
    assert fetch([file_server.url + "/a"], target, MD5) == target
    assert target.read_bytes() == CONTENT
    assert names(target.parent) == [target.name]
    assert file_server.requests == [("/a", None)]


@pytest.mark.parametrize("md5", [MD5, None])
def test_continues_a_part(file_server, target, md5):
    url = file_server.url + "/a"
    file_server.files["/a"] = file_server.Served(CONTENT)
    leave_part(target, CONTENT[:5000], url=url, validator='"1"', total=len(CONTENT))
    fetch([url], target, md5)
    assert target.read_bytes() == CONTENT
    assert file_server.requests == [("/a", "bytes=5000-")]
    assert names(target.parent) == [target.name]


@pytest.mark.parametrize("md5", [MD5, None])
def test_starts_afresh_when_the_file_has_changed(file_server, target, md5):
    url = file_server.url + "/a"
    file_server.files["/a"] = file_server.Served(CONTENT, etag='"2"')
    leave_part(target, b"old" * 1000, url=url, validator='"1"', total=len(CONTENT))
    fetch([url], target, md5)
    assert target.read_bytes() == CONTENT


def test_another_mirror_continues_a_part_only_if_the_md5_can_judge(file_server, target):
    url = file_server.url + "/a"
    note = {"url": "http://elsewhere.invalid/a", "validator": '"9"', "total": 20480}
    file_server.files["/a"] = file_server.Served(CONTENT)
    leave_part(target, CONTENT[:5000], **note)
    fetch([url], target, MD5)
    assert file_server.requests.pop() == ("/a", "bytes=5000-")
    leave_part(target, CONTENT[:5000], **note)
    fetch([url], target)
    assert file_server.requests.pop() == ("/a", None)
    assert target.read_bytes() == CONTENT


def test_a_part_of_a_file_of_another_size_is_not_continued(
    file_server, target, monkeypatch
):
    really, judged = download._Part.matches, []
    monkeypatch.setattr(
        download._Part, "matches", lambda part: judged.append(1) or really(part)
    )
    url = file_server.url + "/a"
    file_server.files["/a"] = file_server.Served(CONTENT)
    leave_part(target, b"x" * 5000, url="http://elsewhere.invalid/", total=999_999)
    fetch([url], target, MD5)
    assert [r for _, r in file_server.requests] == ["bytes=5000-", None]
    assert target.read_bytes() == CONTENT
    assert len(judged) == 2  # at the start and at the end, never a mixture


def test_parts_that_do_not_belong_together_are_fetched_again(file_server, target):
    url = file_server.url + "/a"
    file_server.files["/a"] = file_server.Served(CONTENT)
    leave_part(target, b"x" * 5000, url=url, validator='"1"', total=len(CONTENT))
    fetch([url], target, MD5)
    assert [r for _, r in file_server.requests] == ["bytes=5000-", None]
    assert target.read_bytes() == CONTENT


def test_a_part_longer_than_the_file_is_dropped(file_server, target):
    url = file_server.url + "/a"
    file_server.files["/a"] = file_server.Served(CONTENT)
    leave_part(target, b"x" * 99_999, url=url, validator='"1"')
    fetch([url], target, MD5)
    assert target.read_bytes() == CONTENT


def test_a_part_without_a_note_is_dropped(file_server, target):
    file_server.files["/a"] = file_server.Served(CONTENT)
    leave_part(target, b"x" * 500)
    fetch([file_server.url + "/a"], target, MD5)
    assert file_server.requests == [("/a", None)]
    assert target.read_bytes() == CONTENT


def test_a_kill_between_two_files_leaves_no_false_note(
    file_server, target, monkeypatch
):
    def killed(part, **note):
        raise KeyboardInterrupt

    file_server.files["/a"] = file_server.Served(CONTENT)
    leave_part(target, b"x" * 500, url="http://elsewhere.invalid/")
    monkeypatch.setattr(download._Part, "write_note", killed)
    with pytest.raises(KeyboardInterrupt):
        fetch([file_server.url + "/a"], target)
    assert names(target.parent) == []


def test_a_whole_part_needs_no_network(file_server, target):
    leave_part(target, CONTENT, url="http://elsewhere.invalid/")
    fetch([file_server.url + "/a"], target, MD5)
    assert target.read_bytes() == CONTENT
    assert file_server.requests == []


def test_a_cut_connection_is_continued(file_server, target):
    file_server.files["/a"] = file_server.Served(CONTENT, cuts=[7000, 6000])
    fetch([file_server.url + "/a"], target, MD5)
    assert [r for _, r in file_server.requests] == [None, "bytes=7000-", "bytes=13000-"]
    assert target.read_bytes() == CONTENT


def test_many_cuts_are_survived_while_there_is_progress(
    file_server, target, monkeypatch
):
    monkeypatch.setattr(download, "PROGRESS", 2000)
    file_server.files["/a"] = file_server.Served(CONTENT, cuts=[2000] * 9)
    fetch([file_server.url + "/a"], target, MD5)
    assert len(file_server.requests) == 10
    assert target.read_bytes() == CONTENT


def test_a_server_without_ranges_starts_again(file_server, target):
    file_server.files["/a"] = file_server.Served(CONTENT, ranges=False, cuts=[7000])
    fetch([file_server.url + "/a"], target, MD5)
    assert [r for _, r in file_server.requests] == [None, "bytes=7000-"]
    assert target.read_bytes() == CONTENT


def test_a_truncated_file_is_never_taken_for_whole(file_server, target):
    file_server.files["/a"] = file_server.Served(CONTENT, cuts=[700] * 99)
    with pytest.raises(DownloadError, match="ended after 2,100 of 20,480 bytes"):
        fetch([file_server.url + "/a"], target)
    assert not target.exists()
    part = target.with_name(target.name + ".part")
    assert part.read_bytes() == CONTENT[:2100]  # three visits


def test_length_unknown(file_server, target):
    file_server.files["/a"] = file_server.Served(CONTENT, chunked=True)
    fetch([file_server.url + "/a"], target)
    assert target.read_bytes() == CONTENT


def test_a_stalled_mirror_makes_room_for_the_next(file_server, target, monkeypatch):
    monkeypatch.setattr(download, "STALL_TIMEOUT", 0.5)
    file_server.files["/a"] = file_server.Served(CONTENT, stall_after=4000)
    file_server.files["/b"] = file_server.Served(CONTENT)
    fetch([file_server.url + "/a", file_server.url + "/b"], target, MD5)
    assert file_server.requests == [("/a", None), ("/b", "bytes=4000-")]
    assert target.read_bytes() == CONTENT


def test_a_slow_mirror_makes_room_for_the_next(file_server, target, monkeypatch):
    monkeypatch.setattr(download, "SPEED_WINDOW", 0.3)
    file_server.files["/a"] = file_server.Served(CONTENT, pause=0.04)  # 25 kB/s
    file_server.files["/b"] = file_server.Served(CONTENT)
    fetch([file_server.url + "/a", file_server.url + "/b"], target, MD5)
    assert [path for path, _ in file_server.requests] == ["/a", "/b"]
    assert target.read_bytes() == CONTENT


def test_slow_mirrors_are_better_than_none(file_server, target, monkeypatch):
    monkeypatch.setattr(download, "SPEED_WINDOW", 0.3)
    file_server.files["/a"] = file_server.Served(CONTENT, pause=0.04)
    fetch([file_server.url + "/x", file_server.url + "/a"], target, MD5)
    assert [path for path, _ in file_server.requests] == ["/x", "/a", "/a"]
    assert target.read_bytes() == CONTENT


def test_a_mirror_that_stalls_for_good(file_server, target, monkeypatch):
    monkeypatch.setattr(download, "STALL_TIMEOUT", 0.2)
    file_server.files["/a"] = file_server.Served(CONTENT, stall_after=0)
    with pytest.raises(DownloadError, match="/a: no byte came for 0.2 s"):
        fetch([file_server.url + "/a"], target, MD5)


def test_wrong_content_makes_room_for_the_next(file_server, target):
    file_server.files["/a"] = file_server.Served(b"<html>log in first</html>")
    file_server.files["/b"] = file_server.Served(CONTENT)
    fetch([file_server.url + "/a", file_server.url + "/b"], target, MD5)
    assert target.read_bytes() == CONTENT


def test_wrong_content_never_replaces_a_good_copy(file_server, target):
    target.write_bytes(b"good")
    file_server.files["/a"] = file_server.Served(CONTENT[::-1])
    with pytest.raises(DownloadError, match="/a: it delivers a file with another MD5"):
        fetch([file_server.url + "/a"], target, MD5)
    assert target.read_bytes() == b"good"
    assert names(target.parent) == [target.name]


def test_an_error_names_every_mirror(file_server, target):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    urls = [file_server.url + "/a", f"http://127.0.0.1:{port}/b", "nonsense"]
    with pytest.raises(DownloadError) as caught:
        fetch(urls, target, MD5)
    message = str(caught.value)
    assert "/a: it answers 404" in message
    assert "/b: no connection (" in message
    assert "nonsense: no connection (unknown url type" in message


def test_a_server_that_never_answers_costs_little_time(target, monkeypatch):
    monkeypatch.setattr(download, "CONNECT_TIMEOUT", 0.3)
    monkeypatch.setattr(download, "STALL_TIMEOUT", 2.0)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/a"
        start = time.monotonic()
        with pytest.raises(DownloadError, match="no answer within 0.3 s"):
            fetch([url], target, MD5)
        assert time.monotonic() - start < 1.5


class SlowEvent(threading.Event):
    """An event that is looked at only when the other side has had its turn."""

    def is_set(self):
        return self.wait(0.4) and super().is_set()


@pytest.mark.parametrize(("delay", "in_time"), [(0, True), (0.5, False)])
def test_an_answer_at_the_last_moment_is_either_used_or_closed(
    monkeypatch, delay, in_time
):
    def urlopen(request, timeout):
        time.sleep(delay)
        return response

    response = io.BytesIO(CONTENT)
    threads = types.SimpleNamespace(
        Thread=threading.Thread, Lock=threading.Lock, Event=SlowEvent
    )
    before = set(threading.enumerate())
    monkeypatch.setattr(download, "threading", threads)
    monkeypatch.setattr(download, "CONNECT_TIMEOUT", 0.1)
    monkeypatch.setattr(download.urllib.request, "urlopen", urlopen)
    if in_time:
        assert download._open("http://elsewhere.invalid/", {}) is response
    else:
        with pytest.raises(DownloadError, match="no answer within 0.1 s"):
            download._open("http://elsewhere.invalid/", {})
    for thread in set(threading.enumerate()) - before:
        thread.join()
    assert response.closed is not in_time


def test_files_beyond_the_cap_are_refused(file_server, target, monkeypatch):
    monkeypatch.setattr(download, "SIZE_CAP", 10_000)
    file_server.files["/a"] = file_server.Served(CONTENT)
    file_server.files["/b"] = file_server.Served(CONTENT, chunked=True)
    with pytest.raises(DownloadError, match="20,480 bytes, too large"):
        fetch([file_server.url + "/a"], target)
    with pytest.raises(DownloadError, match="more than 10,000 bytes"):
        fetch([file_server.url + "/b"], target)
    assert not target.exists()


def test_a_full_disk_is_said_in_a_sentence(file_server, target, monkeypatch):
    class FullDisk:
        def __init__(self, *arguments):
            raise OSError(errno.ENOSPC, "No space left on device")

    file_server.files["/a"] = file_server.Served(CONTENT)
    monkeypatch.setattr(download, "open", FullDisk, raising=False)
    with pytest.raises(DownloadError, match="cannot be written .No space left"):
        fetch([file_server.url + "/a", file_server.url + "/a"], target, MD5)
    assert len(file_server.requests) == 1  # another mirror would not help
    assert not target.exists()

"""Weights arrive whole or not at all, through every mishap, from a server on this machine."""

import threading
import time
from pathlib import Path

import pytest
import torch.hub

from camviewer.errors import CancelledError, DownloadError
from camviewer.models import download, transfer
from tests.models.server import CONTENT, NAME, Behaviour, Cancel, partial_of, serving

TOTAL = len(CONTENT)


@pytest.fixture(autouse=True)
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of torch.hub, no proxy in the way, and no long pauses."""
    monkeypatch.setattr(torch.hub, "_hub_dir", str(tmp_path / "hub"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(download, "_PAUSE_SECONDS", 0.01)
    return tmp_path / "hub" / "checkpoints"


def test_a_file_arrives_where_torch_hub_looks_for_it(hub: Path) -> None:
    seen: list[tuple[int, int]] = []
    with serving(Behaviour()) as url:
        path = download.fetch(url, progress=lambda done, total: seen.append((done, total)))
    assert path == hub / NAME
    assert path.read_bytes() == CONTENT
    assert [p.name for p in hub.iterdir()] == [NAME]
    assert seen[0] == (0, TOTAL)
    assert seen[-1] == (TOTAL, TOTAL)
    assert seen == sorted(seen)


def test_a_file_that_is_there_is_not_asked_for(hub: Path) -> None:
    hub.mkdir(parents=True)
    (hub / NAME).write_bytes(b"mine")
    behaviour = Behaviour()
    with serving(behaviour) as url:
        assert download.fetch(url).read_bytes() == b"mine"
    assert behaviour.asked == []


def test_a_broken_connection_is_resumed(hub: Path) -> None:
    behaviour = Behaviour(break_after=[100_000, 200_000])
    with serving(behaviour) as url:
        assert download.fetch(url).read_bytes() == CONTENT
    assert behaviour.asked == ["", "bytes=100000-", "bytes=300000-"]


def test_a_partial_file_of_an_earlier_run_is_resumed(hub: Path) -> None:
    hub.mkdir(parents=True)
    partial_of(hub / NAME).write_bytes(CONTENT[:700_000])
    behaviour = Behaviour()
    seen: list[int] = []
    with serving(behaviour) as url:
        path = download.fetch(url, progress=lambda done, _: seen.append(done))
    assert path.read_bytes() == CONTENT
    assert behaviour.asked == ["bytes=700000-"]
    assert seen[0] == 700_000


def test_a_partial_file_that_is_complete_needs_no_byte(hub: Path) -> None:
    hub.mkdir(parents=True)
    partial_of(hub / NAME).write_bytes(CONTENT)
    behaviour = Behaviour()
    with serving(behaviour) as url:
        assert download.fetch(url).read_bytes() == CONTENT
    assert behaviour.asked == [f"bytes={TOTAL}-"]


def test_a_partial_file_that_is_too_long_starts_afresh(hub: Path) -> None:
    hub.mkdir(parents=True)
    partial_of(hub / NAME).write_bytes(CONTENT + b"more")
    behaviour = Behaviour()
    with serving(behaviour) as url:
        assert download.fetch(url).read_bytes() == CONTENT
    assert behaviour.asked == [f"bytes={TOTAL + 4}-", ""]


def test_a_damaged_partial_file_is_thrown_away(hub: Path) -> None:
    hub.mkdir(parents=True)
    partial_of(hub / NAME).write_bytes(b"x" * 1000)
    behaviour = Behaviour()
    with serving(behaviour) as url:
        assert download.fetch(url).read_bytes() == CONTENT
    assert behaviour.asked == ["bytes=1000-", ""]


def test_a_server_without_ranges_sends_it_all_again(hub: Path) -> None:
    behaviour = Behaviour(ranges=False, break_after=[100_000])
    with serving(behaviour) as url:
        assert download.fetch(url).read_bytes() == CONTENT
    assert behaviour.asked == ["", "bytes=100000-"]


def test_a_server_that_does_not_say_the_length(hub: Path) -> None:
    seen: list[tuple[int, int]] = []
    with serving(Behaviour(length=False)) as url:
        path = download.fetch(url, progress=lambda done, total: seen.append((done, total)))
    assert path.read_bytes() == CONTENT
    assert seen[-1] == (TOTAL, 0)


def test_a_wrong_checksum_leaves_nothing_behind(hub: Path) -> None:
    with (
        serving(Behaviour(content=b"another file" * 1000)) as url,
        pytest.raises(DownloadError, match="not the published file") as failure,
    ):
        download.fetch(url)
    assert url in str(failure.value)
    assert str(hub / NAME) in str(failure.value)
    assert list(hub.iterdir()) == []


def test_a_busy_server_is_asked_again(hub: Path) -> None:
    behaviour = Behaviour(statuses=[503, 429])
    with serving(behaviour) as url:
        assert download.fetch(url).read_bytes() == CONTENT
    assert len(behaviour.asked) == 3


def test_a_missing_file_is_said_at_once(hub: Path) -> None:
    behaviour = Behaviour(statuses=[404] * 9)
    with (
        serving(behaviour) as url,
        pytest.raises(DownloadError, match="answered 404 Not Found") as failure,
    ):
        download.fetch(url)
    assert len(behaviour.asked) == 1
    assert f"download {url} elsewhere and save it as {hub / NAME}" in str(failure.value)


def test_a_connection_that_never_yields_a_byte_is_given_up(hub: Path) -> None:
    behaviour = Behaviour(break_after=[0] * 20)
    with (
        serving(behaviour) as url,
        pytest.raises(DownloadError, match=f"broke after 0 of {TOTAL} bytes"),
    ):
        download.fetch(url)
    assert len(behaviour.asked) == 4


def test_offline_says_which_file_to_put_where(hub: Path) -> None:
    with serving(Behaviour()) as url:
        pass  # the server is gone again
    with pytest.raises(DownloadError, match="the server cannot be reached") as failure:
        download.fetch(url)
    assert f"download {url} elsewhere and save it as {hub / NAME}" in str(failure.value)


def test_a_folder_that_cannot_be_written(hub: Path) -> None:
    hub.parent.mkdir(parents=True)
    hub.write_text("a file where the folder should be")
    with serving(Behaviour()) as url, pytest.raises(DownloadError, match="could not be downloaded"):
        download.fetch(url)


@pytest.mark.parametrize("stall_after", [0, 300_000])
def test_cancelling_a_silent_server_takes_a_tenth_of_a_second(hub: Path, stall_after: int) -> None:
    cancel = Cancel()
    arrived = threading.Event()

    def progress(done: int, total: int) -> None:
        if done == stall_after:
            arrived.set()

    def press_cancel() -> None:
        arrived.wait(10)
        cancel.now()

    presser = threading.Thread(target=press_cancel)
    presser.start()
    with serving(Behaviour(stall_after=stall_after)) as url:
        with pytest.raises(CancelledError, match=NAME):
            download.fetch(url, progress=progress, cancelled=cancel)
        ended = time.monotonic()
        presser.join()
        assert cancel.at is not None
        assert ended - cancel.at < 0.1
    assert not (hub / NAME).exists()
    assert partial_of(hub / NAME).read_bytes() == CONTENT[:stall_after]


def test_what_was_cancelled_is_resumed(hub: Path) -> None:
    cancel = Cancel()

    def progress(done: int, total: int) -> None:
        if done >= 300_000:
            cancel.now()

    with serving(Behaviour(stall_after=300_000)) as url, pytest.raises(CancelledError):
        download.fetch(url, progress=progress, cancelled=cancel)
    behaviour = Behaviour()
    with serving(behaviour) as url:
        assert download.fetch(url).read_bytes() == CONTENT
    assert behaviour.asked == ["bytes=300000-"]


def test_two_at_once_download_once(hub: Path) -> None:
    behaviour = Behaviour(stall_after=TOTAL)
    first_has_begun = threading.Event()
    paths: list[Path] = []

    def first() -> None:
        paths.append(download.fetch(url, progress=lambda *_: first_has_begun.set()))

    def second_waits() -> bool:
        behaviour.release.set()
        return False

    with serving(behaviour) as url:
        thread = threading.Thread(target=first)
        thread.start()
        assert first_has_begun.wait(10)
        paths.append(download.fetch(url, cancelled=second_waits))
        thread.join()
    assert paths == [hub / NAME] * 2
    assert len(behaviour.asked) == 1


def test_given_up_transfers_end_their_thread() -> None:
    def threads() -> list[threading.Thread]:
        return [t for t in threading.enumerate() if t.name.startswith("download ")]

    behaviour = Behaviour(content=CONTENT * 40)  # more than waits in the queue
    with serving(behaviour) as url:
        with transfer.receive(url, 0, lambda: None) as answer:
            assert answer.total == TOTAL * 40
            assert next(answer.chunks)
            (worker,) = threads()
        worker.join(5)
        assert not worker.is_alive()


@pytest.mark.parametrize(
    ("name", "digest", "expected"),
    [
        ("resnet18-f37072fd.pth", "f37072fd" + "0" * 56, True),
        ("resnet18-f37072fd.pth", "f37072fe" + "0" * 56, False),
        ("mnasnet0.5_top1_67.823-3ffadce67e.pth", "3ffadce67e" + "0" * 54, True),
        ("my-resnet.pth", "0" * 64, True),
    ],
)
def test_published_names_carry_their_hash(name: str, digest: str, expected: bool) -> None:
    assert download.published(Path(name), digest) is expected

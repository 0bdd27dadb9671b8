"""Files are written whole or not at all."""

import json
import os

import pytest

from tf_consensus.support.files import PARTIAL, remove_partial, replacing, write_json, write_text


def test_a_file_takes_its_place_when_it_is_whole(tmp_path):
    path = tmp_path / "picture.png"
    with replacing(path) as partial:
        partial.write_bytes(b"half")
        assert not path.exists()
        assert partial.suffix == ".png"
        partial.write_bytes(b"whole")
    assert path.read_bytes() == b"whole"
    assert os.listdir(tmp_path) == ["picture.png"]


@pytest.mark.parametrize("error", [OSError(28, "No space left"), KeyboardInterrupt()])
def test_a_write_that_fails_leaves_the_old_file(error, tmp_path):
    path = tmp_path / "result.json"
    write_json(path, {"steps": 1})

    def write():
        with replacing(path) as partial:
            partial.write_text("{", encoding="utf-8")
            raise error

    with pytest.raises(type(error)):
        write()
    assert json.loads(path.read_text(encoding="utf-8")) == {"steps": 1}
    assert os.listdir(tmp_path) == ["result.json"]


def test_a_block_that_writes_nothing_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError), replacing(tmp_path / "log.csv"):
        pass


def test_what_killed_writers_left_is_removed(tmp_path):
    (tmp_path / "samples").mkdir()
    left = tmp_path / "samples" / f"0001.123{PARTIAL}.png"
    left.write_bytes(b"half")
    write_text(tmp_path / "log.csv", "epoch\n")
    remove_partial(tmp_path)
    assert not left.exists()
    assert (tmp_path / "log.csv").exists()

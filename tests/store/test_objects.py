"""Files in object storage, on a real S3 server."""

from pathlib import Path

import pytest

from farthing.errors import FarthingError, InvalidBillError, StoreError
from farthing.store.objects import CHUNK, copied
from tests.support.s3_server import SECRET, S3Server


@pytest.fixture
def bucket(s3_server: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A bucket of the test's own, and the environment to reach it."""
    for name, value in s3_server.environment.items():
        monkeypatch.setenv(name, value)
    folder = s3_server.folder / tmp_path.name.replace("_", "-").lower()
    folder.mkdir()
    return folder


def fetched(address: str, folder: Path) -> list[str]:
    return [path.name for path, _, _ in copied(address, folder)]


def test_an_object_larger_than_a_piece_is_copied_whole(bucket: Path, tmp_path: Path) -> None:
    body = bytes(range(256)) * (CHUNK // 256) * 2 + b"end"
    (bucket / "large").write_bytes(body)
    (path,) = (path for path, _, _ in copied(f"s3://{bucket.name}/large", tmp_path))
    assert path.read_bytes() == body


def test_a_star_stays_within_a_folder(bucket: Path, tmp_path: Path) -> None:
    for name in ("a/1.csv", "a/2.csv", "a/2.txt", "a/deep/3.csv", "b/4.csv"):
        (bucket / name).parent.mkdir(parents=True, exist_ok=True)
        (bucket / name).write_text("x")
    assert fetched(f"s3://{bucket.name}/a/*.csv", tmp_path) == ["1.csv", "2.csv"]
    assert fetched(f"s3://{bucket.name}/*/[34].csv", tmp_path) == ["4.csv"]


@pytest.mark.parametrize(
    ("key", "kind", "sentence"),
    [
        pytest.param("gone.csv", InvalidBillError, "there is no object", id="no-object"),
        pytest.param("*.csv", InvalidBillError, "no object is meant by", id="no-match"),
        pytest.param("", InvalidBillError, "names no objects", id="bucket-alone"),
        pytest.param("a/../../b.csv", StoreError, "cannot be read", id="above"),
    ],
)
def test_what_is_not_there_is_told(
    bucket: Path, tmp_path: Path, key: str, kind: type[Exception], sentence: str
) -> None:
    with pytest.raises(kind, match=sentence):
        fetched(f"s3://{bucket.name}/{key}", tmp_path)


@pytest.mark.parametrize("address", ["http://127.0.0.1:1/bill.csv", "file:///etc/passwd", "memory:///a", "s3:///a.csv"])
def test_only_object_storage_is_an_address(tmp_path: Path, address: str) -> None:
    with pytest.raises(InvalidBillError, match="write s3://, gs:// or az://"):
        fetched(address, tmp_path)


def test_a_refusal_is_told_without_what_opens_the_door(
    bucket: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (bucket / "a.csv").write_text("x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", f"not-{SECRET}")
    with pytest.raises(StoreError, match=r"answers 403 Forbidden.*check the address") as raised:
        fetched(f"s3://{bucket.name}/a.csv", tmp_path)
    assert SECRET not in str(raised.value)


def test_no_server_is_told(bucket: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    with pytest.raises(FarthingError, match="does not answer"):
        fetched(f"s3://{bucket.name}/a.csv", tmp_path)


def test_objects_of_one_name_are_two_files(bucket: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        (bucket / name).mkdir()
        (bucket / name / "part.csv").write_text(name)
    paths = [path for path, _, _ in copied(f"s3://{bucket.name}/*/part.csv", tmp_path)]
    assert [path.read_text() for path in paths] == ["a", "b"]


@pytest.mark.parametrize("key", ["../../victim", "../victim", "a/../../../victim", ".."])
def test_nothing_outside_of_the_folder_is_written(bucket: Path, tmp_path: Path, key: str) -> None:
    folder = tmp_path / "one" / "two"
    folder.mkdir(parents=True)
    victims = [tmp_path / "victim", tmp_path / "one" / "victim"]
    for victim in victims:
        victim.write_text("kept")
    with pytest.raises(FarthingError):
        fetched(f"s3://{bucket.name}/{key}", folder)
    assert [victim.read_text() for victim in victims] == ["kept", "kept"]


@pytest.mark.parametrize("address", ["s3://AKIA:hidden@b/x.csv", "az://c/x.csv?sig=hidden"])
def test_credentials_in_an_address_are_refused_and_not_repeated(tmp_path: Path, address: str) -> None:
    with pytest.raises(InvalidBillError, match="holds credentials") as raised:
        fetched(address, tmp_path)
    assert "hidden" not in str(raised.value)

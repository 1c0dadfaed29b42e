"""Files on a real SFTP server and on an S3-like one are copied once, whole, and again only when they change."""

from __future__ import annotations

import datetime as dt
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from debian import install
from moto.server import ThreadedMotoServer
from pydantic import ValidationError

from assets.ingest.errors import IngestError, SourceUnreadable
from assets.ingest.live.remote_folder import fetch_folder
from assets.ingest.live.secrets import Secrets, variable
from assets.ingest.settings import SourceSettings
from assets.ingest.stage import ingest_all

FILE = "stock_on_hand_20240630.csv"
DAY = dt.date(2024, 6, 30)


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


class Server:
    """A server with one folder, `files` on disk or in a bucket."""

    def __init__(self, remote: str, secrets: dict[str, str], put: object) -> None:
        self.remote, self.put = remote, put
        self.secrets = Secrets("erp", {variable("erp", part): value for part, value in secrets.items()})
        self.environment = {variable("erp", part): value for part, value in secrets.items()}


@pytest.fixture(scope="module")
def sftp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    problem = "" if shutil.which("sshd") or Path("/usr/sbin/sshd").exists() else install("sshd", "openssh-server")
    if problem:
        pytest.skip(problem)
    work, port = tmp_path_factory.mktemp("sftp"), free_port()
    for name in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(work / name)], check=True)
    (work / "authorized").write_bytes((work / "user.pub").read_bytes())
    (work / "conf").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {work / 'host'}\nAuthorizedKeysFile {work / 'authorized'}\nStrictModes no\n"
        "PasswordAuthentication no\nPermitRootLogin yes\nUsePAM no\nPidFile none\nSubsystem sftp internal-sftp\n"
    )
    Path("/run/sshd").mkdir(exist_ok=True)
    server = subprocess.Popen(
        [shutil.which("sshd") or "/usr/sbin/sshd", "-D", "-e", "-f", str(work / "conf")], stderr=subprocess.DEVNULL
    )
    try:
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        files = work / "files"
        files.mkdir()

        def put(name: str, text: str) -> None:
            (files / name).parent.mkdir(parents=True, exist_ok=True)
            (files / name).write_text(text, encoding="utf-8")

        key = " ".join((work / "host.pub").read_text().split()[:2])
        secrets = {"USER": "root", "KEY_FILE": str(work / "user"), "HOST_KEY": key}
        yield Server(f"sftp://127.0.0.1:{port}{files}", secrets, put)
    finally:
        server.terminate()
        server.wait(timeout=10)


@pytest.fixture(scope="module")
def s3() -> Iterator[Server]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    try:
        host, port = server.get_host_and_port()
        endpoint = f"http://{host}:{port}"
        client = boto3.client(
            "s3", endpoint_url=endpoint, aws_access_key_id="a", aws_secret_access_key="b", region_name="us-east-1"
        )
        client.create_bucket(Bucket="exports")

        def put(name: str, text: str) -> None:
            client.put_object(Bucket="exports", Key=f"erp/{name}", Body=text.encode())

        yield Server("s3://exports/erp", {"KEY": "a", "SECRET": "b", "ENDPOINT": endpoint}, put)
    finally:
        server.stop()


@pytest.fixture(params=["sftp", "s3"])
def server(request: pytest.FixtureRequest) -> Server:
    return request.getfixturevalue(request.param)


def test_what_is_new_or_changed_is_copied(server: Server, tmp_path: Path) -> None:
    folder = tmp_path / "inbox"
    server.put("a.csv", "x\n1\n")
    server.put("deep/b.csv", "x\n2\n")
    server.put(".hidden", "x")
    assert fetch_folder(server.secrets, server.remote, folder) == ("a.csv", "deep/b.csv")
    assert (folder / "deep" / "b.csv").read_text() == "x\n2\n"
    assert fetch_folder(server.secrets, server.remote, folder) == ()
    server.put("a.csv", "x\n1\n3\n")
    assert fetch_folder(server.secrets, server.remote, folder) == ("a.csv",)
    assert (folder / "a.csv").read_text() == "x\n1\n3\n"
    assert not list(folder.rglob(".remote-*")), "no partial file is left"
    (folder / "a.csv").unlink()
    assert fetch_folder(server.secrets, server.remote, folder) == ("a.csv",), "what the folder lacks is copied again"


@pytest.mark.parametrize(
    "known", ["", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"]
)
def test_a_server_whose_key_is_not_known_gets_nothing(sftp: Server, tmp_path: Path, known: str) -> None:
    secrets = Secrets("erp", {**sftp.environment, variable("erp", "HOST_KEY"): known})
    with pytest.raises(IngestError, match="STOCKTURN_SOURCE_ERP_HOST_KEY") as found:
        fetch_folder(secrets, sftp.remote, tmp_path / "inbox")
    assert ("is another one than" if known else "is not known") in str(found.value)
    assert sftp.environment[variable("erp", "HOST_KEY")] in str(found.value), "what to set is in the message"


def test_a_source_lands_what_its_server_has(sftp: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mapping = tmp_path / "m.yml"
    mapping.write_text(
        "mapping: m\nversion: 1\nsource_system: x\ndatasets:\n  - {name: items, contract: item, files: 'items*.csv', scope: full,\n"
        "     columns: {item_code: code, item_name: code, base_uom: {const: pcs}}}\n"
    )
    sftp.put("land/items.csv", "code\nA\nB\n")
    for name, value in sftp.environment.items():
        monkeypatch.setenv(name, value)
    source = SourceSettings(
        name="erp", kind="file", mapping=str(mapping), path=tmp_path / "in", instance="X", remote=f"{sftp.remote}/land"
    )
    assert ingest_all(tmp_path / "w", [source], DAY, ["item"])["item"].rows_loaded == 2
    monkeypatch.setenv(variable("erp", "KEY_FILE"), str(tmp_path / "none"))
    reports = ingest_all(tmp_path / "w", [source], DAY + dt.timedelta(days=1), ["item"])
    assert any("docs/live-sources.md" in text for text in reports["item"].refusals)
    with pytest.raises(SourceUnreadable, match="source 'erp' cannot be read"):
        ingest_all(tmp_path / "w", [source], DAY + dt.timedelta(days=2), ["item"], must_read=True)


def test_a_server_that_is_not_there_is_one_message(tmp_path: Path) -> None:
    secrets = Secrets("erp", {variable("erp", "USER"): "me", variable("erp", "PASSWORD"): "geheim"})
    with pytest.raises(IngestError, match="source 'erp'") as raised:
        fetch_folder(secrets, f"sftp://127.0.0.1:{free_port()}/x", tmp_path / "inbox")
    assert "geheim" not in str(raised.value)


def test_a_folder_that_is_not_there_is_said(server: Server, tmp_path: Path) -> None:
    with pytest.raises(IngestError, match="no such folder on the server"):
        fetch_folder(server.secrets, f"{server.remote}/nowhere", tmp_path / "inbox")


@pytest.mark.parametrize("remote", ["sftp://me:secret@host/x", "http://host/x", "sftp:///x", "s3://"])
def test_an_address_with_a_password_or_of_another_kind_is_refused(remote: str, tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="user and password come from the environment"):
        SourceSettings(name="erp", kind="file", mapping="odoo", path=tmp_path, instance="X", remote=remote)

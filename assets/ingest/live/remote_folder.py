"""Files that arrive on a server: what is new below an SFTP, FTP or S3-like address is copied into the folder of a source, which is
then read like any other.

Belongs here: what is copied and when. fsspec does the protocols. A file that is gone on the server stays in the folder: what was
delivered counts, and landing says what a later delivery replaces.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from assets.ingest.errors import IngestError
from assets.ingest.live.secrets import Secrets, variable
from assets.optional import MissingExtraError, optional
from assets.whole_files import take_place, write_whole

STATE_FILE = ".remote.json"
_SIGNS = ("size", "mtime", "LastModified", "modify", "ETag")
"""What a server says of a file that changes when its content does: size and time (SFTP, FTP), or size, time and hash (S3)."""
_OPTIONS: Mapping[str, Mapping[str, str]] = {
    "sftp": {"USER": "username", "PASSWORD": "password", "KEY_FILE": "key_filename"},
    "ftp": {"USER": "username", "PASSWORD": "password"},
    "s3": {"KEY": "key", "SECRET": "secret", "ENDPOINT": "endpoint_url"},
}
"""fsspec's option for each part that the environment may hold (STOCKTURN_SOURCE_<NAME>_<PART>)."""
_HOST_KEY = "HOST_KEY"
"""The public key of an SFTP server, as `ssh-keyscan` prints it after the name: kind and base64; several lines for several keys."""
_PACKAGES = {"sftp": "paramiko", "s3": "s3fs", "imap": "imap_tools", "imaps": "imap_tools"}
SECONDS = 30
"""How long a server may take to answer."""


def fetch_folder(secrets: Secrets, remote: str, folder: Path) -> tuple[str, ...]:
    """Copy what is new or has changed below `remote` into `folder`.

    Args:
        secrets: user, password or keys of the source.
        remote: `sftp://host[:port]/path`, `ftp://host/path` or `s3://bucket/path`, without user and password.
        folder: the folder of the source; made where it is missing.

    Returns:
        The files that were copied, relative to the folder. A file whose size changes while it is copied is still being
        written: it is left for the next run.

    Raises:
        IngestError: the server cannot be reached, refuses the account, or has no such folder. What was copied stays.
    """
    folder.mkdir(parents=True, exist_ok=True)
    state = _state(folder)
    copied = []
    try:
        files, root = _open(secrets, remote)
        if not files.isdir(root):
            raise IngestError(
                "there is no such folder on the server", file=remote, fix="Correct `remote` of the source."
            )
        for path, name, found in _listed(files, root):
            signature = {sign: str(found[sign]) for sign in _SIGNS if sign in found}
            if state.get(name) == signature and (folder / name).is_file():
                continue
            if _copy(files, path, folder / name, int(found.get("size") or 0)):
                state[name] = signature
                copied.append(name)
                _write_state(folder, state)
    except (IngestError, MissingExtraError):
        raise
    except Exception as error:  # every protocol raises errors of its own
        raise IngestError(
            f"cannot be read ({secrets.hide(str(error) or type(error).__name__)[:200]})",
            file=remote,
            fix=f"Check `remote` of source {secrets.source!r} and its variables in the environment (docs/live-sources.md).",
        ) from None
    return tuple(copied)


def _open(secrets: Secrets, remote: str) -> tuple[Any, str]:
    """The file system of an address, and the path in it."""
    import fsspec

    address = urlsplit(remote)
    check_package(remote)
    given = {option: value for part, option in _OPTIONS[address.scheme].items() if (value := secrets.get(part))}
    if address.scheme == "s3":
        # The listing of a bucket is asked for again at each run.
        return fsspec.filesystem("s3", use_listings_cache=False, **given), f"{address.netloc}{address.path}".rstrip("/")
    options: dict[str, Any] = {"host": address.hostname, **({"port": address.port} if address.port else {}), **given}
    options |= {"timeout": SECONDS}
    if address.scheme == "sftp":
        options |= {"banner_timeout": SECONDS, "host_key_policy": _host_key_policy(secrets, remote)}
    return fsspec.filesystem(address.scheme, skip_instance_cache=True, **options), address.path.rstrip("/") or "/"


def check_package(remote: str) -> None:
    """Raise MissingExtraError where what reads such an address is not installed."""
    scheme = urlsplit(remote).scheme
    if scheme in _PACKAGES:
        optional(_PACKAGES[scheme], "remote")


def _host_key_policy(secrets: Secrets, remote: str) -> Any:
    """Accepts the keys that the environment names and no other: user and files would go to whoever answers at the address."""
    paramiko = optional("paramiko", "remote")
    known = {line.split()[-1] for line in (secrets.get(_HOST_KEY) or "").splitlines() if line.split()}

    def check(_policy: Any, _client: Any, _host: str, key: Any) -> None:
        if key.get_base64() in known:
            return
        how = "is another one than" if known else "is not known: compare it with its administrator's, then set"
        raise IngestError(
            f"the key of the server ({key.get_name()} {key.get_base64()}) {how} {variable(secrets.source, _HOST_KEY)}",
            file=remote,
            fix="Nothing was sent to the server.",
        )

    return type("NamedKeys", (paramiko.MissingHostKeyPolicy,), {"missing_host_key": check})()


def _listed(files: Any, root: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Path on the server, path below the root, and details of each file, by name. Hidden files are left out."""
    for path, found in sorted(files.find(root, detail=True).items()):
        name = PurePosixPath(path).relative_to(PurePosixPath(root))
        if any(part.startswith(".") for part in name.parts) or found.get("type") == "directory":
            continue
        yield path, name.as_posix(), found


def _copy(files: Any, path: str, target: Path, size: int) -> bool:
    """Copy one file, whole or not at all; False where its size is no longer what the listing said."""
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, partial = tempfile.mkstemp(dir=target.parent, prefix=".remote-")
    os.close(handle)
    try:
        files.get_file(path, partial)
        if Path(partial).stat().st_size != size:
            return False
        take_place(Path(partial), target)
        return True
    finally:
        Path(partial).unlink(missing_ok=True)


def _state(folder: Path) -> dict[str, dict[str, str]]:
    """What was copied; nothing where that cannot be read: then everything is copied again, which changes no figure."""
    try:
        state = json.loads((folder / STATE_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return state if isinstance(state, dict) else {}


def _write_state(folder: Path, state: Mapping[str, Mapping[str, str]]) -> None:
    write_whole(folder / STATE_FILE, json.dumps(state, indent=1, sort_keys=True))


def forget_folder(folder: Path) -> bool:
    """Let the next run copy everything from the server again; False where nothing has been copied yet."""
    is_known = (folder / STATE_FILE).is_file()
    (folder / STATE_FILE).unlink(missing_ok=True)
    return is_known

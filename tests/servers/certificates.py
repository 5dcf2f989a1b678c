"""The certificate of a server of the tests, made by `openssl` when the server is made."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from tests.servers import install
from tests.servers.recipe import Missing

if TYPE_CHECKING:
    from pathlib import Path

_CONFIGURATION = """\
[req]
prompt = no
distinguished_name = name
x509_extensions = authority
[name]
CN = tests
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[server]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = IP:127.0.0.1
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
"""

_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-config", "openssl.cnf"]


def need_openssl() -> None:
    """Raise `Missing` if there is none."""
    if shutil.which("openssl") is None:
        raise Missing("certificates for it are made by `openssl`, which is not on PATH")


def make(folder: Path) -> None:
    """Write `server.pem` and `server.key`, `authority.pem` that has signed them, and `stranger.pem` that has not.

    They are good for `127.0.0.1` and for two days.
    """
    folder.mkdir()
    (folder / "openssl.cnf").write_text(_CONFIGURATION)
    for name in ("authority", "stranger"):
        itself = ["req", "-x509", "-days", "2", "-keyout", f"{name}.key", "-out", f"{name}.pem"]
        install.run(["openssl", *itself, *_KEY], folder=folder)
    install.run(["openssl", "req", "-new", "-keyout", "server.key", "-out", "server.csr", *_KEY], folder=folder)
    signed = ["-in", "server.csr", "-CA", "authority.pem", "-CAkey", "authority.key", "-set_serial", "1", "-days", "2"]
    extensions = ["-extfile", "openssl.cnf", "-extensions", "server", "-out", "server.pem"]
    install.run(["openssl", "x509", "-req", *signed, *extensions], folder=folder)

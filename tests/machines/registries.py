"""The registries of packages, for machines that may reach them: only those that this machine's own pip and apt use."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from pip._internal.models.index import PyPI

PROXY_PORT = 3128
CERTIFICATES = "etc/ssl/certs/ca-certificates.crt"
APT = 'Acquire::http::Proxy "{proxy}";\nAcquire::https::Proxy "{proxy}";\n'
PIP = "[global]\nproxy = {proxy}\ncert = /{certificates}\ndisable-pip-version-check = true\n{pip}"
UV = 'http-proxy = "{proxy}"\nhttps-proxy = "{proxy}"\nsystem-certs = true\n{uv}'


@dataclass(frozen=True)
class Registries:
    """`hosts` that may be reached, and the indexes of pip, by the names of its settings."""

    hosts: frozenset[str]
    indexes: dict[str, list[str]]

    def configure(self, root: Path) -> None:
        """Let pip, uv and apt of the machine whose files these are ask the proxy on its loopback."""
        proxy = f"http://127.0.0.1:{PROXY_PORT}"
        pip = "".join(f"{key} = {' '.join(urls)}\n" for key, urls in self.indexes.items())
        uv = "".join(
            f"{key} = {json.dumps(urls if key.startswith('extra') else urls[0])}\n"
            for key, urls in self.indexes.items()
        )
        texts = {
            "etc/pip.conf": PIP.format(proxy=proxy, certificates=CERTIFICATES, pip=pip),
            "etc/uv/uv.toml": UV.format(proxy=proxy, uv=uv),
            "etc/apt/apt.conf.d/90proxy": APT.format(proxy=proxy),
            CERTIFICATES: Path("/", CERTIFICATES).read_text(),
        }
        for path, text in texts.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text)

    def answer(self, near: socket.socket) -> socket.socket | None:
        """A proxy's answer: the other end for CONNECT and for plain http, or a refusal."""
        head = request_head(near)
        method, target, _ = (*head.split(b"\r\n")[0].decode("latin-1").split(), "", "", "")[:3]
        url = urlsplit(f"//{target}" if method == "CONNECT" else target)
        if url.hostname not in self.hosts:
            near.sendall(b"HTTP/1.1 403 not a registry of this machine\r\ncontent-length: 0\r\n\r\n")
            return None
        far = socket.create_connection((url.hostname, url.port or 80), 30)
        far.settimeout(None)
        if method == "CONNECT":
            near.sendall(b"HTTP/1.1 200 connected\r\n\r\n")
        else:
            far.sendall(head)
        return far


def request_head(near: socket.socket) -> bytes:
    head = b""
    while b"\r\n\r\n" not in head and (data := near.recv(4096)):
        head += data
    return head


def registries() -> Registries:
    """Those that the configuration of this machine names."""
    pip = [sys.executable, "-m", "pip", "config", "list"]
    listed = subprocess.run(pip, check=True, capture_output=True, text=True).stdout
    settings = re.findall(r"^(?:global|:env:)\.((?:extra-)?index-url)='(.*)'$", listed, re.M)
    remote = {key: [url for url in value.split() if url.startswith("http")] for key, value in settings}
    indexes = {key: urls for key, urls in remote.items() if urls}
    apt = ["apt-get", "indextargets", "--format", "$(SITE)"]
    sites = subprocess.run(apt, check=True, capture_output=True, text=True).stdout.split()
    urls = [*sites, *(url for urls in indexes.values() for url in urls)]
    names = {urlsplit(url).hostname for url in urls} | {PyPI.netloc, PyPI.file_storage_domain}
    return Registries(frozenset(name for name in names if name), indexes)

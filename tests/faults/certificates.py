"""Certificates for a TLS client to refuse, and two that it has to accept, made by the openssl program.

Each is NAME.pem (certificate and key in one file). Most are signed by what ca.pem begins with; what is wrong
with each is its only fault. The good host is api.vendor.test.
"""

import pathlib

from simulator.pki import make_authority, new_key, openssl

HOST = "api.vendor.test"

CA_CONFIG = """
[ca]
default_ca = this
[this]
database = {folder}/index.txt
new_certs_dir = {folder}
rand_serial = yes
default_md = sha256
policy = any
[any]
commonName = supplied
"""

# Good for another domain only; trusted as ca.pem is.
CONSTRAINED = """
[req]
distinguished_name = dn
prompt = no
x509_extensions = ca
[dn]
CN = muster constrained test CA
[ca]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
nameConstraints = critical, permitted;DNS:other.test
"""

EXTENSIONS = """
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature, keyEncipherment
extendedKeyUsage = {usage}
{names}
"""


def general_names(names: list[str]) -> bytes:
    """The DER of alternative names, which openssl's configuration can hold no NUL of."""
    inner = b"".join(bytes([0x82, len(name)]) + name.encode() for name in names)
    return bytes([0x30, len(inner)]) + inner


class Authority:
    """Signs leaves with dates, digests and extensions of choice."""

    def __init__(self, folder: pathlib.Path, config: str = "") -> None:
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self.certificate = make_authority(folder)
        if config:
            (folder / "ca.cnf").write_text(config)
            openssl("req", "-x509", "-new", "-config", str(folder / "ca.cnf"), "-key",
                    str(folder / "ca.key"), "-days", "30", "-out", str(self.certificate))
        (folder / "index.txt").touch()
        (folder / "index.txt.attr").write_text("unique_subject = no\n")
        (folder / "ca.conf").write_text(CA_CONFIG.format(folder=folder))

    def sign(self, leaf: pathlib.Path, names=(HOST,), usage="serverAuth", start="", end="",
             digest="sha256") -> None:
        alternatives = ", ".join(f"DNS:{name}" for name in names)
        if any("\0" in name for name in names):
            alternatives = f"DER:{general_names(names).hex(':')}"
        leaf.with_suffix(".ext").write_text(EXTENSIONS.format(
            usage=usage, names=f"subjectAltName = {alternatives}" if names else ""))
        openssl("req", "-new", "-key", str(leaf.with_suffix(".key")), "-subj", f"/CN={HOST}",
                "-out", str(leaf.with_suffix(".csr")))
        openssl("ca", "-batch", "-config", str(self.folder / "ca.conf"), "-notext",
                "-cert", str(self.certificate), "-keyfile", str(self.folder / "ca.key"),
                "-md", digest, "-startdate", start or "20200101000000Z",
                "-enddate", end or "20991231000000Z", "-extfile", str(leaf.with_suffix(".ext")),
                "-in", str(leaf.with_suffix(".csr")), "-out", str(leaf.with_suffix(".crt")))


def join(leaf: pathlib.Path) -> None:
    pem = leaf.with_suffix(".pem")
    pem.touch(0o600)
    pem.write_bytes(leaf.with_suffix(".crt").read_bytes() + leaf.with_suffix(".key").read_bytes())


def make_self_signed(leaf: pathlib.Path) -> None:
    openssl("req", "-x509", "-new", "-key", str(leaf.with_suffix(".key")), "-subj", f"/CN={HOST}",
            "-addext", f"subjectAltName=DNS:{HOST}", "-days", "30",
            "-out", str(leaf.with_suffix(".crt")))


def make_small_key(path: pathlib.Path) -> None:
    openssl("genrsa", "-out", str(path), "1024")


def make_all(folder: pathlib.Path) -> list[str]:
    """Returns the names; the authority to trust is folder/ca.pem."""
    authority = Authority(folder)
    signers = {"unknown-authority": Authority(folder / "stranger"),
               "constrained": Authority(folder / "constrained-ca", CONSTRAINED)}
    leaves = {
        "good": {},
        "wildcard": {"names": ["*.vendor.test"]},
        "expired": {"start": "20200101000000Z", "end": "20200201000000Z"},
        "future": {"start": "20980101000000Z"},
        "wrong-name": {"names": ["api.other.test"]},
        "wide-wildcard": {"names": ["*.test", "*"]},
        "inner-wildcard": {"names": ["api.*.test"]},
        "no-name": {"names": []},
        "wrong-usage": {"usage": "clientAuth"},
        "small-key": {},
        "weak-digest": {"digest": "sha1"},
        "unknown-authority": {},
        "self-signed": {},
        "constrained": {},
        "nul-in-name": {"names": [HOST + "\0.other.test"]},
    }
    for name, options in leaves.items():
        leaf = folder / name
        if name == "small-key":
            make_small_key(leaf.with_suffix(".key"))
        else:
            new_key(leaf.with_suffix(".key"))
        if name == "self-signed":
            make_self_signed(leaf)
        else:
            signers.get(name, authority).sign(leaf, **options)
        join(leaf)
    trusted = authority.certificate, signers["constrained"].certificate
    authority.certificate.write_bytes(b"".join(path.read_bytes() for path in trusted))
    return list(leaves)

"""A certificate authority of one run, made by the openssl program.

The leaf carries the real host names, so that a client needs nothing but the CA file and another
address. Keys never leave the run's directory.
"""

import pathlib
import subprocess

CA_CONFIG = """
[req]
distinguished_name = dn
prompt = no
x509_extensions = ca
[dn]
CN = muster simulator test CA
[ca]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
"""

LEAF_EXTENSIONS = """
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = {names}
"""


def openssl(*arguments: str) -> None:
    done = subprocess.run(["openssl", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"openssl {arguments[0]}: {done.stderr.strip()}")


def new_key(path: pathlib.Path) -> None:
    openssl("ecparam", "-genkey", "-name", "prime256v1", "-noout", "-out", str(path))
    path.chmod(0o600)


def make_authority(folder: pathlib.Path) -> pathlib.Path:
    """Makes ca.pem and ca.key in the folder; returns the certificate's path."""
    config = folder / "ca.cnf"
    config.write_text(CA_CONFIG)
    new_key(folder / "ca.key")
    openssl("req", "-x509", "-new", "-config", str(config), "-key", str(folder / "ca.key"),
            "-sha256", "-days", "30", "-out", str(folder / "ca.pem"))
    return folder / "ca.pem"


def alternative_name(host: str) -> str:
    is_address = host.replace(".", "").isdigit() or ":" in host
    return ("IP:" if is_address else "DNS:") + host


def make_leaf(folder: pathlib.Path, hosts: list[str], days: int = 30) -> pathlib.Path:
    """Makes server.pem (certificate and key in one file) for the hosts, signed by ca.pem."""
    extensions = folder / "server.ext"
    extensions.write_text(LEAF_EXTENSIONS.format(names=", ".join(map(alternative_name, hosts))))
    new_key(folder / "server.key")
    openssl("req", "-new", "-key", str(folder / "server.key"), "-subj", "/CN=muster simulator",
            "-out", str(folder / "server.csr"))
    openssl("x509", "-req", "-in", str(folder / "server.csr"), "-CA", str(folder / "ca.pem"),
            "-CAkey", str(folder / "ca.key"), "-CAcreateserial", "-sha256", "-days", str(days),
            "-extfile", str(extensions), "-out", str(folder / "server.crt"))
    leaf = folder / "server.pem"
    leaf.touch(0o600)
    leaf.write_bytes((folder / "server.crt").read_bytes() + (folder / "server.key").read_bytes())
    return leaf

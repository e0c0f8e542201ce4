"""What a client has, and how Quay sees that it has it: signatures are checked by Python's hmac and the
openssl program, certificates by Python's ssl. Nothing here is shared with muster.
"""

import base64
import binascii
import hashlib
import hmac
import json
import pathlib
import secrets
import subprocess
from typing import Any

from .. import pki

CLIENT_EXTENSIONS = """
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = clientAuth
"""
DIGESTS = {"RS256": "sha256", "RS384": "sha384", "RS512": "sha512", "ES256": "sha256"}


class Refused(Exception):
    """Why a proof is none."""


def decode(text: str) -> bytes:
    """base64url without padding, and nothing else."""
    if "=" in text or set(text) & set("+/"):
        raise Refused("no base64url")
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (ValueError, binascii.Error) as error:
        raise Refused("no base64url") from error


def der_number(data: bytes) -> bytes:
    data = data.lstrip(b"\0") or b"\0"
    data = b"\0" + data if data[0] & 0x80 else data
    return b"\x02" + bytes([len(data)]) + data


class Keys:
    """A client's keys and certificates, in a folder."""

    def __init__(self, folder: pathlib.Path):
        self.folder = folder
        self.shared = secrets.token_urlsafe(48)
        self.authority = pki.make_authority(folder)
        pki.openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out",
                    str(folder / "rsa.pem"))
        pki.new_key(folder / "ec.pem")
        for name in ("rsa", "ec"):
            pki.openssl("pkey", "-in", str(folder / f"{name}.pem"), "-pubout", "-out",
                        str(folder / f"{name}.public"))

    def private(self, algorithm: str) -> str:
        if algorithm == "HS256":
            return self.shared
        return (self.folder / ("ec.pem" if algorithm == "ES256" else "rsa.pem")).read_text()

    def make_certificate(self, days: int = 30) -> dict[str, str]:
        """One that this tenant's authority signed, with its key."""
        name = f"client-{secrets.token_hex(4)}"
        key, request, certificate = (self.folder / f"{name}.{end}" for end in ("key", "csr", "crt"))
        extensions = self.folder / "client.ext"
        extensions.write_text(CLIENT_EXTENSIONS)
        pki.new_key(key)
        pki.openssl("req", "-new", "-key", str(key), "-subj", f"/CN={name}", "-out", str(request))
        pki.openssl("x509", "-req", "-in", str(request), "-CA", str(self.authority), "-CAkey",
                    str(self.folder / "ca.key"), "-CAcreateserial", "-sha256", "-days", str(days),
                    "-extfile", str(extensions), "-out", str(certificate))
        return {"certificate": certificate.read_text(), "key": key.read_text(), "name": name}

    # Signatures.

    def openssl_takes(self, algorithm: str, signature: bytes, signed: bytes) -> bool:
        name = secrets.token_hex(8)
        file = self.folder / f"{name}.signature"
        file.write_bytes(signature)
        public = self.folder / ("ec.public" if algorithm == "ES256" else "rsa.public")
        done = subprocess.run(
            ["openssl", "dgst", f"-{DIGESTS[algorithm]}", "-verify", str(public), "-signature", str(file)],
            input=signed, capture_output=True, check=False)
        file.unlink()
        return done.returncode == 0

    def is_signed(self, algorithm: str, signature: bytes, signed: bytes) -> bool:
        if algorithm == "HS256":
            return hmac.compare_digest(signature, hmac.digest(self.shared.encode(), signed, "sha256"))
        if algorithm == "ES256":
            if len(signature) != 64:
                return False
            numbers = der_number(signature[:32]) + der_number(signature[32:])
            signature = b"\x30" + bytes([len(numbers)]) + numbers
        return self.openssl_takes(algorithm, signature, signed)

    def read_jwt(self, token: str, algorithm: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """Header and claims, once the signature is seen to be this client's."""
        parts = token.split(".")
        if len(parts) != 3:
            raise Refused("no token of three parts")
        try:
            header, claims = (json.loads(decode(part)) for part in parts[:2])
        except ValueError as error:
            raise Refused("no JSON") from error
        if header.get("alg") != algorithm:
            raise Refused(f"signed with {header.get('alg')}, not {algorithm}")
        if not self.is_signed(algorithm, decode(parts[2]), ".".join(parts[:2]).encode()):
            raise Refused("signature of somebody else")
        return header, claims

    def signature_of(self, text: bytes) -> str:
        return base64.b64encode(hmac.digest(self.shared.encode(), text, hashlib.sha256)).decode()

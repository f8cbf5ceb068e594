"""
RS256 by Python alone: PKCS #1 v1.5 with the private key of a GitHub App.

It is called once an hour and takes 10 ms. The time that it takes depends on the key, which nobody
can measure from outside: the only caller of the function is the stack's own queue.
"""

import base64
import binascii
import hashlib
from dataclasses import dataclass
from typing import Final

from finding_router.errors import ConfigurationError

# DER of the algorithm's name before a SHA-256 digest: RFC 8017, section 9.2, note 1.
_SHA256: Final = bytes.fromhex("3031300d060960864801650304020105000420")
_INTEGER: Final = 0x02
_OCTETS: Final = 0x04
_SEQUENCE: Final = 0x30
_LONG: Final = 0x80
_MAX_LENGTH_BYTES: Final = 4
_PARTS: Final = 9
_LEAST_BITS: Final = 2048
_MOST_BITS: Final = 8192
_REMEDY: Final = (
    "put the private key there as GitHub gives it, which begins with "
    "-----BEGIN RSA PRIVATE KEY-----"
)


@dataclass(frozen=True, slots=True)
class PrivateKey:
    """An RSA key: modulus, primes, and the exponents and coefficient of the remainder theorem."""

    modulus: int
    exponent: int
    prime1: int
    prime2: int
    exponent1: int
    exponent2: int
    coefficient: int

    def __repr__(self) -> str:
        return f"{type(self).__name__}(…)"

    def sign(self, message: bytes) -> bytes:
        """Return the signature of *message* by RSASSA-PKCS1-v1_5 with SHA-256."""
        size = (self.modulus.bit_length() + 7) // 8
        digest = _SHA256 + hashlib.sha256(message).digest()
        padded = b"\x00\x01" + b"\xff" * (size - len(digest) - 3) + b"\x00" + digest
        value = int.from_bytes(padded)
        first = pow(value % self.prime1, self.exponent1, self.prime1)
        second = pow(value % self.prime2, self.exponent2, self.prime2)
        signed = second + self.prime2 * (self.coefficient * (first - second) % self.prime1)
        # A fault of the processor would tell the primes by the signature that it makes.
        if pow(signed, self.exponent, self.modulus) != value:
            raise ConfigurationError(f"the private key does not fit itself; {_REMEDY}")
        return signed.to_bytes(size)


def read_key(pem: str, *, where: str) -> PrivateKey:
    """
    Return the key in *pem*, in PKCS #1 or PKCS #8; *where* it is stored, for errors.

    Raises:
        ConfigurationError: It is no RSA key of 2,048 bits or more. The message omits the value.

    """
    try:
        numbers = _numbers(_der(pem))
    except (ValueError, IndexError, binascii.Error) as error:
        raise ConfigurationError(f"{where}: holds no private key; {_REMEDY}") from error
    version, modulus, exponent, _, prime1, prime2, exponent1, exponent2, coefficient = numbers
    is_sound = (
        version == 0
        and _LEAST_BITS <= modulus.bit_length() <= _MOST_BITS
        and modulus == prime1 * prime2
        and exponent > 1
    )
    if not is_sound:
        raise ConfigurationError(f"{where}: holds no RSA key of 2,048 bits or more; {_REMEDY}")
    return PrivateKey(modulus, exponent, prime1, prime2, exponent1, exponent2, coefficient)


def _der(pem: str) -> bytes:
    """Return the bytes between the first BEGIN and END of a private key."""
    _, begin, rest = pem.partition("-----BEGIN ")
    kind, dashes, rest = rest.partition("-----")
    body, end, _ = rest.partition("-----END ")
    if not (begin and dashes and end) or kind not in {"RSA PRIVATE KEY", "PRIVATE KEY"}:
        raise ValueError("no private key")
    # A secret that was pasted may have the two characters \n for each line break.
    return base64.b64decode("".join(body.replace("\\n", "\n").split()), validate=True)


def _numbers(der: bytes) -> list[int]:
    """Return the nine numbers of an RSAPrivateKey, RFC 8017, section A.1.2."""
    tag, outer, _ = _value(der, 0)
    if tag != _SEQUENCE:
        raise ValueError("no sequence")
    parts = _parts(outer)
    if [tag for tag, _ in parts[:3]] == [_INTEGER, _SEQUENCE, _OCTETS]:
        # PKCS #8 wraps it: version, algorithm, and the key as bytes (RFC 5208).
        return _numbers(parts[2][1])
    if [tag for tag, _ in parts] != [_INTEGER] * _PARTS:
        raise ValueError("not nine numbers")
    return [int.from_bytes(value, signed=True) for _, value in parts]


def _parts(content: bytes) -> list[tuple[int, bytes]]:
    found = []
    at = 0
    while at < len(content):
        tag, value, at = _value(content, at)
        found.append((tag, value))
    return found


def _value(content: bytes, at: int) -> tuple[int, bytes, int]:
    """Return the tag and the value that begin *at*, and where they end."""
    tag, length = content[at], content[at + 1]
    start = at + 2
    if length & _LONG:
        count = length & ~_LONG
        if not 0 < count <= _MAX_LENGTH_BYTES:
            raise ValueError("no length")
        length = int.from_bytes(content[start : start + count])
        start += count
    end = start + length
    if end > len(content):
        raise ValueError("ends too early")
    return tag, content[start:end], end

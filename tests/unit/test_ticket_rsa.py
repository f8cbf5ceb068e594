"""RS256 by Python alone, against the library that others use."""

import base64

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st

from finding_router.errors import ConfigurationError
from finding_router.tickets.rsa import PrivateKey, read_key

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
FORMATS = (PrivateFormat.TraditionalOpenSSL, PrivateFormat.PKCS8)


def pem_of(
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey,
    form: PrivateFormat = PrivateFormat.TraditionalOpenSSL,
) -> str:
    """Write *key* as GitHub and OpenSSL do."""
    return key.private_bytes(Encoding.PEM, form, NoEncryption()).decode()


@pytest.mark.parametrize("form", FORMATS)
@given(message=st.binary(max_size=300))
def test_a_signature_is_the_librarys(form: PrivateFormat, message: bytes) -> None:
    """PKCS #1 v1.5 has one signature for a message, so that the two are equal."""
    own = read_key(pem_of(KEY, form), where="arn").sign(message)

    assert KEY.sign(message, padding.PKCS1v15(), hashes.SHA256()) == own


@pytest.mark.parametrize("bits", [3072, 4096])
def test_longer_keys_sign_as_well(bits: int) -> None:
    """GitHub makes keys of 2,048 bits today."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=bits)

    own = read_key(pem_of(key), where="arn").sign(b"x")

    assert key.sign(b"x", padding.PKCS1v15(), hashes.SHA256()) == own


def test_line_breaks_may_be_escaped() -> None:
    """A secret that was pasted into JSON twice has two characters for each."""
    pem = pem_of(KEY).replace("\n", "\\n")

    assert isinstance(read_key(pem, where="arn"), PrivateKey)


@pytest.mark.parametrize(
    "pem",
    [
        "",
        "ghp_token",
        "-----BEGIN RSA PRIVATE KEY-----\n!\n-----END RSA PRIVATE KEY-----",
        "-----BEGIN RSA PRIVATE KEY-----\nMAA=\n-----END RSA PRIVATE KEY-----",
        "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----",
        pem_of(ec.generate_private_key(ec.SECP256R1()), PrivateFormat.PKCS8),
        pem_of(rsa.generate_private_key(public_exponent=65537, key_size=1024)),
        "\n".join([*pem_of(KEY).splitlines()[:-3], "-----END RSA PRIVATE KEY-----"]),
    ],
)
def test_no_key_is_told_without_its_text(pem: str) -> None:
    """The error says where it is stored and what belongs there."""
    with pytest.raises(ConfigurationError) as caught:
        read_key(pem, where="arn:x")

    assert str(caught.value).startswith("arn:x: holds no ")
    assert "ghp_token" not in str(caught.value)


@given(st.binary(max_size=80))
def test_no_bytes_end_otherwise(der: bytes) -> None:
    """Whatever stands there is a key or a mistake of the configuration."""
    body = base64.b64encode(der).decode()
    pem = f"-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----"

    with pytest.raises(ConfigurationError):
        read_key(pem, where="arn")


def test_a_damaged_key_signs_nothing() -> None:
    """A signature by wrong exponents would tell the primes."""
    key = read_key(pem_of(KEY), where="arn")
    damaged = PrivateKey(
        key.modulus,
        key.exponent,
        key.prime1,
        key.prime2,
        key.exponent1 + 2,
        key.exponent2,
        key.coefficient,
    )

    with pytest.raises(ConfigurationError):
        damaged.sign(b"x")
    assert str(key.prime1) not in repr(key)

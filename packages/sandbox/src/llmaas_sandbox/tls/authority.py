"""Test certificates: valid, expired, for another host, or self-signed."""

from __future__ import annotations

import ipaddress
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from llmaas_sandbox.tls.certificates import Certificates, Kind

_YEAR = timedelta(days=365)


def create_certificates(kind: Kind, folder: Path, host: str = "127.0.0.1") -> Certificates:
    """Create a certificate authority and a server certificate of one kind."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    authority_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    authority = _authority(authority_key)
    signer = (_name("self"), key) if kind == "self-signed" else (authority.subject, authority_key)
    certificate = _leaf(kind, host, key.public_key(), *signer)
    created = Certificates(folder / "server.pem", folder / "server.key", folder / "authority.pem")
    created.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    created.authority.write_bytes(authority.public_bytes(serialization.Encoding.PEM))
    _write_private(created.key, key)
    return created


def _write_private(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    data = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(data)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"llmaas-sandbox {text}")])


def _builder(
    subject: x509.Name, issuer: x509.Name, public: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
    )


def _authority(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    name, now = _name("authority"), datetime.now(UTC)
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
    return (
        _builder(name, name, key.public_key())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + _YEAR)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )


def _leaf(
    kind: Kind,
    host: str,
    public: ec.EllipticCurvePublicKey,
    issuer: x509.Name,
    issuer_key: ec.EllipticCurvePrivateKey,
) -> x509.Certificate:
    """Create the certificate of a server, valid for a year unless its kind is ``expired``."""
    now = datetime.now(UTC)
    end = now - timedelta(days=1) if kind == "expired" else now + _YEAR
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    return (
        _builder(_name("server"), issuer, public)
        .not_valid_before(now - timedelta(days=30))
        .not_valid_after(end)
        .add_extension(x509.SubjectAlternativeName(_hosts(kind, host)), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(identifier, critical=False)
        .sign(issuer_key, hashes.SHA256())
    )


def _hosts(kind: Kind, host: str) -> list[x509.GeneralName]:
    if kind == "wrong-host":
        return [x509.DNSName("elsewhere.example")]
    try:
        own: x509.GeneralName = x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        own = x509.DNSName(host)
    return [own, x509.DNSName("localhost")]

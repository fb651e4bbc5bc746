"""The key with which a run signs its record: made anew for each, its public half beside it."""

from pathlib import Path


def written_key(directory: Path) -> Path:
    """An Ed25519 private key in a file that only this user reads; `record-key.public.pem` is for who verifies."""
    from cryptography.hazmat.primitives import serialization as s
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    private = Ed25519PrivateKey.generate()
    file = directory / "record-key.pem"
    file.touch(mode=0o600)
    file.write_bytes(private.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, s.NoEncryption()))
    public = private.public_key().public_bytes(s.Encoding.PEM, s.PublicFormat.SubjectPublicKeyInfo)
    (directory / "record-key.public.pem").write_bytes(public)
    return file

"""Make the secrets of docker-compose.yml, once: what is there already stays as it is.

    python deploy/docker/make_secrets.py [DIRECTORY]

Passwords, a certificate authority of this stack's own with certificates for Kafka and Postgres, and the key that signs
bearer tokens. The directory is its owner's alone (0700). The files that containers mount are 0444 in it: compose mounts
a file with the owner and the mode that it has, and every container runs as a user of its own. What no container needs
(the authority's key, the tokens' private key) is 0600. To renew something, remove its file, run this again and start
the containers that use it anew; a password that a volume holds already is changed in the server too, by hand.
"""

import base64
import datetime as dt
import json
import secrets
import sys
import uuid
from collections.abc import Callable
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from joserfc.jwk import ECKey, KeySet

DIRECTORY = Path(__file__).resolve().parent / "secrets"
MOUNTED, PRIVATE = 0o444, 0o600
VALID_DAYS = 825
ENTROPY_BYTES = 24
NOBODY = "http://no-receiver-configured.invalid/"
"""Where Alertmanager tells of alerts until an operator writes a real address into the file."""


class Secrets:
    """The directory, and what was made in it now."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.made: list[str] = []
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        directory.chmod(0o700)

    def once(self, name: str, content: Callable[[], str], mode: int = MOUNTED) -> str:
        """The content of the file, which is made first where it is missing."""
        file = self.directory / name
        if not file.exists():
            text = content()
            file.touch(mode=PRIVATE)
            file.write_text(text, encoding="utf-8")
            file.chmod(mode)
            self.made.append(name)
        return file.read_text(encoding="utf-8")


def make(directory: Path) -> list[str]:
    """Make what is missing; the names of the new files."""
    store = Secrets(directory)
    for name in ("postgres_superuser_password", "postgres_password", "kafka_password", "grafana_password"):
        store.once(name, lambda: secrets.token_urlsafe(ENTROPY_BYTES))
    password = store.once("postgres_password", str)
    store.once(
        "postgres_dsn",
        lambda: f"postgresql://duban:{password}@postgres:5432/duban?sslmode=verify-full&sslrootcert=/run/secrets/ca",
    )
    kafka_password = store.once("kafka_password", str)
    store.once("kafka_users", lambda: f"--add-scram=SCRAM-SHA-512=[name=duban,password={kafka_password}]\n")
    store.once("kafka_cluster", _cluster_id)
    store.once("alert_webhook", lambda: NOBODY)
    _certificates(store)
    _token_keys(store)
    return store.made


def _cluster_id() -> str:
    """Kafka's form of a UUID, which must not begin with a dash: its tools would take it for an option."""
    while (text := base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")).startswith("-"):
        pass
    return text


def _token_keys(store: Secrets) -> None:
    """The stack's own issuer of tokens, where no OpenID provider is: services get the public key only."""
    private = store.once(
        "token_key.json",
        lambda: json.dumps(
            ECKey.generate_key("P-256", {"kid": uuid.uuid4().hex, "alg": "ES256"}).as_dict(private=True)
        ),
        PRIVATE,
    )
    public = ECKey.import_key(json.loads(private))
    store.once("jwks.json", lambda: json.dumps(KeySet([public]).as_dict(private=False)))


def _new_token_key() -> str:
    key = ECKey.generate_key("P-256", {"kid": uuid.uuid4().hex, "alg": "ES256"})
    return json.dumps(key.as_dict(private=True))


def _certificates(store: Secrets) -> None:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Duban compose")])
    key_text = store.once("ca_key.pem", _new_key, PRIVATE)
    key = _key(key_text)
    store.once(
        "ca.pem", lambda: _pem(_builder(name, name, key).add_extension(_CA, True).add_extension(_CA_USAGE, True), key)
    )
    authority = x509.load_pem_x509_certificate((store.directory / "ca.pem").read_bytes())

    def certificate(host: str, own: str) -> str:
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        names = x509.SubjectAlternativeName([x509.DNSName(host), x509.DNSName("localhost")])
        builder = _builder(subject, authority.subject, _key(own)).add_extension(names, False)
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
        return _pem(builder.add_extension(usage, False).add_extension(_LEAF, True), key)

    own = store.once("postgres_key.pem", _new_key)
    store.once("postgres_certificate.pem", lambda: certificate("postgres", own))
    store.once("kafka_keystore.pem", lambda: (own := _new_key()) + certificate("kafka", own))


_CA = x509.BasicConstraints(ca=True, path_length=0)
_LEAF = x509.BasicConstraints(ca=False, path_length=None)
_CA_USAGE = x509.KeyUsage(False, False, False, False, False, True, True, False, False)


def _new_key() -> str:
    form = serialization.PrivateFormat.PKCS8
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


def _key(text: str) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(text.encode(), None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise SystemExit("ca_key.pem and postgres_key.pem are EC keys: remove what is not, and run this again")
    return key


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    builder = x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number())
    return builder.not_valid_before(now - dt.timedelta(hours=1)).not_valid_after(now + dt.timedelta(days=VALID_DAYS))


def _pem(builder: x509.CertificateBuilder, key: ec.EllipticCurvePrivateKey) -> str:
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else DIRECTORY
    if new := make(target):
        print(f"made in {target}: {', '.join(new)}")

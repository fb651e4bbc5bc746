"""How a process proves who it is to Kafka and learns who asks it: the settings of every client and every service.

Secrets may stand in files, as container platforms mount them: DUBAN_POSTGRES_FILE instead of DUBAN_POSTGRES.
"""

from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

Algorithm = Literal["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519", "EdDSA"]
"""Signatures by a private key only. There is no way to allow `none` or a shared secret."""


class _SecretFiles(EnvSettingsSource):
    """`<VARIABLE>_FILE` names a file whose content is the setting, without the line end that editors add."""

    def __init__(self, settings_cls: type[BaseSettings], names: frozenset[str]) -> None:
        super().__init__(settings_cls)
        self._names = names

    def __call__(self) -> dict[str, Any]:
        try:
            return super().__call__()
        except SettingsError as error:  # wrapped in words that do not say what is wrong
            raise (error.__cause__ if isinstance(error.__cause__, SettingsError) else error) from None

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        if field_name not in self._names:
            return None, field_name, False
        key, variable, _ = self._extract_field_info(field, field_name)[0]
        place = self.env_vars.get(f"{variable}_file")
        if not place:
            return None, key, False
        name = variable.upper()
        if self.env_vars.get(variable):
            raise SettingsError(f"{name} and {name}_FILE are both set: set one")
        try:
            return Path(place).read_text().rstrip("\r\n"), key, False
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"{name}_FILE cannot be read: {type(error).__name__}") from None


class SecretsFromFiles(BaseSettings):
    """Settings some of which may be read from files."""

    model_config = SettingsConfigDict(
        env_prefix="DUBAN_", frozen=True, extra="ignore", hide_input_in_errors=True, env_ignore_empty=True
    )
    FROM_FILES: ClassVar[frozenset[str]] = frozenset({"postgres", "kafka_password"})

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What is given in code, then the environment, then the files that the environment names."""
        return init_settings, env_settings, _SecretFiles(settings_cls, cls.FROM_FILES)


class KafkaSettings(SecretsFromFiles):
    """How every client of ours reaches the broker: consumers, producers, administration, replay."""

    kafka_security: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT",
        description="Protocol of the broker's listener. Beyond loopback SASL_SSL, or SSL with a certificate.",
    )
    kafka_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field(
        "SCRAM-SHA-512", description="How the user name and password are proved, where the protocol is a SASL one."
    )
    kafka_username: str | None = Field(None, description="User name at the broker.")
    kafka_password: SecretStr | None = Field(None, description="Password at the broker, or DUBAN_KAFKA_PASSWORD_FILE.")
    kafka_ca: Path | None = Field(None, description="Certificates (PEM) that sign the broker's; unset: the system's.")
    kafka_cert: Path | None = Field(None, description="Our certificate (PEM), where the broker asks for one.")
    kafka_key: Path | None = Field(None, description="The private key (PEM) of our certificate.")

    @model_validator(mode="after")
    def _is_whole(self) -> "KafkaSettings":
        if self.kafka_security.startswith("SASL") and not (self.kafka_username and self.kafka_password):
            raise ValueError(
                "DUBAN_KAFKA_SECURITY is a SASL one: DUBAN_KAFKA_USERNAME and DUBAN_KAFKA_PASSWORD are needed"
            )
        if (self.kafka_cert is None) != (self.kafka_key is None):
            raise ValueError("DUBAN_KAFKA_CERT and DUBAN_KAFKA_KEY go together")
        return self


class IdentitySettings(SecretsFromFiles):
    """Whose tokens count, and what in them says what their bearer may do."""

    identity_jwks: str | None = Field(
        None,
        description="The identity provider's public keys (JWKS): a file or an https URL. Unset: nobody is asked who"
        " they are, which is allowed on loopback only.",
    )
    identity_issuer: str | None = Field(None, description="What `iss` of a token must be. Needed with the keys.")
    identity_audience: str = Field("duban", min_length=1, description="What `aud` of a token must hold.")
    identity_algorithms: Annotated[tuple[Algorithm, ...], NoDecode] = Field(
        ("RS256", "PS256", "ES256", "ES384", "Ed25519"),
        min_length=1,
        description="Signatures that count, separated by commas; never one by a shared secret.",
    )
    identity_person_claim: str = Field("sub", description="The claim that holds the bearer's id in the directory.")
    identity_roles_claim: str = Field(
        "roles", description="The claim that holds the bearer's roles; a dot leads into an object (realm_access.roles)."
    )
    identity_authorities_claim: str = Field(
        "authorities", description="The claim that holds whose matters a publisher, clerk or official has to do with."
    )
    identity_sources_claim: str = Field(
        "sources", description="The claim that holds the sources a publisher writes under."
    )
    identity_leeway_s: float = Field(
        30, ge=0, le=300, description="How far clocks may differ, for exp and nbf. Seconds."
    )
    identity_refresh_s: float = Field(
        300, ge=1, description="How old the keys may be before they are read again. Seconds."
    )
    identity_refetch_s: float = Field(
        10, ge=0.1, description="Shortest time between two readings of the keys, whatever tokens name. Seconds."
    )
    identity_ca: Path | None = Field(
        None, description="Certificates (PEM) that sign the provider's; unset: well-known ones."
    )

    @field_validator("identity_algorithms", mode="before")
    @classmethod
    def _words(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _names_the_issuer(self) -> "IdentitySettings":
        if self.identity_jwks is not None and self.identity_issuer is None:
            raise ValueError("DUBAN_IDENTITY_JWKS without DUBAN_IDENTITY_ISSUER: say whose tokens count")
        return self

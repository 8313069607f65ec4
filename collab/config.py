"""Every setting with its default and reason; nothing else reads the environment."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal, NamedTuple

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).resolve().parents[1]
MIB = 1024 * 1024
# what an older version read: leaving it set would look as if it still held
RETIRED = {"SESSION_DAYS": "SESSION_HOURS (and SESSION_IDLE_HOURS)"}


class BadSetting(ValueError):
    """A setting has a value that cannot be used; the message is one plain line."""


class Settings(BaseSettings):
    """The settings of one process, read once; the environment name is the field in capitals."""

    model_config = SettingsConfigDict(env_ignore_empty=True, extra="ignore", frozen=True)

    data_dir: Path = Field(
        ROOT / "data" / "runtime",
        description="All that the platform writes: database, index, files.",
    )
    database_url: str = Field(
        "",
        description="SQLite under DATA_DIR unless given; PostgreSQL as postgresql://user@host/name.",
    )
    sqlite_synchronous: Literal["FULL", "NORMAL"] = Field(
        "FULL",
        description="FULL: acknowledged changes outlive a power cut; NORMAL: a killed process.",
    )
    search_engine: Literal["whoosh", "tantivy"] = Field(
        "whoosh", description="Whoosh needs nothing; tantivy is far faster beyond 10,000 documents."
    )
    search_dir: Path | None = Field(
        None,
        description="This machine's own search index; a local disk where DATA_DIR is shared.",
    )
    seed_demo: bool = Field(
        True,
        description="Ship the invented demo alliance, so that every page can be tried at once.",
    )
    host: str = Field(
        "127.0.0.1", description="Not reachable from other machines unless you say so."
    )
    port: int = Field(8000, ge=1, le=65535, description="Where the pages are served.")
    server_workers: int = Field(
        2, ge=1, le=64, description="Processes that serve pages; two cores."
    )
    secret_file: Path | None = Field(
        None,
        description="Key that signs sessions; made on first start as DATA_DIR/secret if absent.",
    )
    public_url: str = Field(
        "", description="How members reach the platform; stands in e-mails and feeds."
    )
    secure_cookies: bool = Field(
        False,
        description="1: cookies never leave by plain HTTP. What comes by HTTPS is secure anyway.",
    )
    session_hours: int = Field(
        12, ge=1, le=2160, description="A sign-in ends after so many hours, however used."
    )
    session_idle_hours: int = Field(
        2, ge=1, le=2160, description="A sign-in that nobody uses ends after so many hours."
    )
    secretariat_second_factor: bool = Field(
        True,
        description="The secretariat's rights count only for people with app or passkey; demo "
        "people are left out while nobody but this machine is served.",
    )
    breached_passwords: Path | None = Field(
        None,
        description="Sorted SHA-1 list of known passwords (Pwned Passwords); none is fetched.",
    )
    oidc_trusted_hosts: str = Field(
        "",
        description="Sign-in services that may be asked inside private networks, comma between.",
    )
    trusted_proxies: int = Field(
        0, ge=0, le=5, description="Proxies in front whose X-Forwarded headers are believed."
    )
    max_body: int = Field(
        2 * MIB,
        ge=1024,
        description="Largest request in bytes; enough for lists, too small to harm.",
    )
    file_max_bytes: int = Field(
        10 * MIB, ge=1024, le=512 * MIB, description="Largest file beside a need, in bytes."
    )
    file_max_count: int = Field(
        20, ge=1, le=1000, description="Files that an organisation may keep beside one need."
    )
    file_quota_bytes: int = Field(
        1024 * MIB, ge=1024, description="All files of one organisation together, in bytes."
    )
    file_types: str = Field(
        "pdf png jpg jpeg xlsx docx pptx csv txt gds oas",
        description="Extensions that are taken, if the content is what they say; zip may be added.",
    )
    file_scan_command: str = Field(
        "",
        description="Looks at a file before anybody opens it: 0 clean, 1 found; no shell.",
    )
    file_scan_seconds: int = Field(
        60, ge=1, le=3600, description="A scan that takes longer has failed and is tried again."
    )
    api_per_token: int = Field(
        6000, ge=1, description="Requests of one API token in a quarter of an hour."
    )
    api_per_address: int = Field(
        12000, ge=1, description="API requests from one network address in a quarter of an hour."
    )
    default_language: Literal["zh", "en"] = Field(
        "zh", description="Language of a visitor who says nothing else."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="How much is written to standard error."
    )
    audit_mail: str = Field(
        "", description="Where the head of the record goes each day by e-mail, out of reach here."
    )
    smtp_host: str = Field(
        "", description="Without it no e-mail leaves; notices stay in the platform."
    )
    smtp_port: int = Field(587, ge=1, le=65535, description="Submission port of the mail server.")
    smtp_user: str = Field("", description="Account at the mail server, if it wants one.")
    smtp_password: str = Field("", repr=False, description="Password of that account.")
    smtp_from: str = Field("", description="Sender of all e-mails.")
    smtp_tls: Literal["starttls", "tls", "none"] = Field(
        "starttls", description="Passwords must not cross the network in the clear."
    )

    @field_validator("database_url")
    @classmethod
    def _driver(cls, url: str) -> str:
        for plain in ("postgres://", "postgresql://"):
            if url.startswith(plain):
                return "postgresql+psycopg://" + url.removeprefix(plain)
        if url and not url.startswith(("sqlite:", "postgresql+psycopg:")):
            raise ValueError("must begin with sqlite: or postgresql:")
        return url

    @property
    def database(self) -> str:
        """The database URL in force, the embedded SQLite file unless another one is set."""
        return self.database_url or f"sqlite:///{self.data_dir / 'collab.db'}"

    @property
    def index_folder(self) -> Path:
        """Where this machine keeps its search index."""
        return self.search_dir or self.data_dir / "index"

    @property
    def only_here(self) -> bool:
        """Whether nobody but this machine is served, as far as the settings say."""
        here = self.host in ("127.0.0.1", "::1", "localhost")
        return here and not self.public_url and not self.trusted_proxies

    @property
    def trusted_services(self) -> frozenset[str]:
        """Hosts of sign-in services that may stand in private networks."""
        names = self.oidc_trusted_hosts.split(",")
        return frozenset(name.strip().lower() for name in names if name.strip())

    @property
    def secret_path(self) -> Path:
        """Where the key that signs sessions lies."""
        return self.secret_file or self.data_dir / "secret"


class SettingRow(NamedTuple):
    """One line of the table of settings: name in the environment, default, reason."""

    name: str
    default: Any
    reason: str


def table() -> list[SettingRow]:
    """All settings for the documentation and its test."""
    return [
        SettingRow(name.upper(), field.default, field.description or "")
        for name, field in Settings.model_fields.items()
    ]


def load_settings(**overrides: Any) -> Settings:
    """Settings from the environment, `overrides` first. Raises BadSetting with one plain line."""
    for old, new in RETIRED.items():
        if os.environ.get(old):
            raise BadSetting(f"{old}: no longer read; remove it and set {new} instead")
    try:
        return Settings(**overrides)
    except ValidationError as failure:
        first = failure.errors()[0]
        name = str(first["loc"][0]).upper() if first["loc"] else "settings"
        raise BadSetting(f"{name}: {first['msg']}") from None

"""Settings of an installation, from the environment only. A missing or bad value names itself and its remedy."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

LIVE_URL = re.compile(r"^wss?://(\{host\}|[a-z0-9.-]+)(:\d{1,5})?/live\Z")
SMTP_PORTS = {"smtp": 587, "smtps": 465, "smtp+plain": 25}


class SettingsError(Exception):
    """A setting that is missing or unusable; the text says which and how to mend it."""


@dataclass(frozen=True)
class Settings:
    """What an installation sets. Secrets are lists: the first is used, the others still verify (rotation)."""

    env: str
    database_url: str
    redis_url: str
    secret_keys: tuple[str, ...]
    master_keys: tuple[bytes, ...]
    owner_database_url: str = ""
    var: Path = Path("var")
    tenants_dir: Path = Path("tenants")
    templates_dir: Path | None = None
    public_port: int = 8000
    live_port: int = 8001
    live_url: str = ""
    smtp_url: str = ""
    sms_url: str = ""
    clamd: str = ""
    log_level: str = "INFO"
    trusted_proxies: int = 0
    signing_p12: Path | None = None
    signing_password: str = field(default="", repr=False)
    extra: Mapping[str, str] = field(default_factory=dict)
    provider_secrets: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def development(self) -> bool:
        """Development shows the inbox, the logins and the style page; production never does."""
        return self.env == "development"

    @property
    def secure_cookies(self) -> bool:
        return self.env == "production"

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Read `PORTICO_*`. Raises SettingsError listing everything that is wrong at once."""
        e = os.environ if environ is None else environ
        problems: list[str] = []

        def need(name: str, remedy: str) -> str:
            value = e.get(name, "")
            if not value:
                problems.append(f"{name} is not set: {remedy}")
            return value

        env = e.get("PORTICO_ENV", "production")
        if env not in ("development", "production", "test"):
            problems.append(f"PORTICO_ENV is “{env}”: allowed are development, production, test")
        database = need(
            "PORTICO_DATABASE_URL", "postgresql+psycopg://portico_app:…@host/portico, or start with `portico up`"
        )
        redis = need("PORTICO_REDIS_URL", "redis://host:6379/0, or start with `portico up`")
        secrets_ = tuple(s for s in need("PORTICO_SECRET_KEY", "`portico secrets` prints one").split(",") if s)
        if any(len(s) < 32 for s in secrets_):
            problems.append("PORTICO_SECRET_KEY is shorter than 32 characters: `portico secrets` prints a good one")
        masters = []
        for text in need("PORTICO_MASTER_KEY", "`portico secrets` prints one").split(","):
            try:
                key = bytes.fromhex(text)
                if text and len(key) != 32:
                    raise ValueError
                if text:
                    masters.append(key)
            except ValueError:
                problems.append("PORTICO_MASTER_KEY is not 64 hexadecimal digits: `portico secrets` prints a good one")
        smtp_url = e.get("PORTICO_SMTP_URL", "")
        wrong = wrong_smtp_url(smtp_url) if smtp_url else None
        if wrong is not None:
            problems.append(wrong)
        clamd = e.get("PORTICO_CLAMD", "")
        wrong = wrong_clamd(clamd) if clamd else None
        if wrong is not None:
            problems.append(wrong)
        p12 = Path(e["PORTICO_SIGNING_P12"]) if e.get("PORTICO_SIGNING_P12") else None
        wrong = wrong_signing_p12(p12, e.get("PORTICO_SIGNING_PASSWORD", "")) if p12 else None
        if wrong is not None:
            problems.append(wrong)
        live_url = e.get("PORTICO_LIVE_URL", "")
        if live_url and not LIVE_URL.match(live_url):
            problems.append(
                "PORTICO_LIVE_URL is not understood: write wss://{host}:8001/live, or leave it out behind a proxy"
            )
        if problems:
            raise SettingsError("\n".join(problems))
        return cls(
            env=env,
            database_url=database,
            redis_url=redis,
            secret_keys=secrets_,
            master_keys=tuple(masters),
            owner_database_url=e.get("PORTICO_OWNER_DATABASE_URL", ""),
            var=Path(e.get("PORTICO_VAR", "var")),
            tenants_dir=Path(e.get("PORTICO_TENANTS_DIR", "tenants")),
            templates_dir=Path(e["PORTICO_TEMPLATES_DIR"]) if e.get("PORTICO_TEMPLATES_DIR") else None,
            public_port=int(e.get("PORTICO_PORT", "8000")),
            live_port=int(e.get("PORTICO_LIVE_PORT", "8001")),
            live_url=live_url,
            smtp_url=smtp_url,
            sms_url=e.get("PORTICO_SMS_URL", ""),
            clamd=clamd,
            log_level=e.get("PORTICO_LOG_LEVEL", "INFO"),
            trusted_proxies=int(e.get("PORTICO_TRUSTED_PROXIES", "0")),
            signing_p12=p12,
            signing_password=e.get("PORTICO_SIGNING_PASSWORD", ""),
            provider_secrets={k: v for k, v in e.items() if k.startswith(("PORTICO_OIDC_", "PORTICO_TURN_")) and v},
        )


def wrong_smtp_url(url: str) -> str | None:
    """What is wrong with a `PORTICO_SMTP_URL`, and how it is written; None when it can be used. The URL is not quoted."""
    parts = urlsplit(url)
    try:
        usable = parts.scheme in SMTP_PORTS and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        return "PORTICO_SMTP_URL is not understood: write smtp://user:password@host:587, smtps://…:465 or smtp+plain://host:25"
    if parts.scheme == "smtp+plain" and parts.username:
        return "PORTICO_SMTP_URL would send a password without TLS: write smtp:// or smtps://"
    return None


def wrong_clamd(address: str) -> str | None:
    """What is wrong with a `PORTICO_CLAMD`, and how it is written; None when it can be used."""
    parts = urlsplit(address)
    try:
        here = parts.scheme == "unix" and not parts.netloc and parts.path.startswith("/")
        usable = here or (parts.scheme == "tcp" and bool(parts.hostname) and bool(parts.port) and not parts.path)
    except ValueError:
        usable = False
    if usable:
        return None
    return "PORTICO_CLAMD is not understood: write unix:///run/clamav/clamd.ctl or tcp://host:3310"


def wrong_signing_p12(path: Path, password: str) -> str | None:
    """What is wrong with the file of `PORTICO_SIGNING_P12`; None when it holds a key with its certificate."""
    from cryptography.hazmat.primitives.serialization import pkcs12

    try:
        key, certificate, _chain = pkcs12.load_key_and_certificates(path.read_bytes(), password.encode() or None)
    except OSError as error:
        return f"PORTICO_SIGNING_P12 cannot be read: {error.strerror}"
    except ValueError:
        return "PORTICO_SIGNING_P12 cannot be opened: it is no PKCS#12 file, or PORTICO_SIGNING_PASSWORD does not fit"
    if key is None or certificate is None:
        return "PORTICO_SIGNING_P12 must hold a private key with its certificate"
    return None

"""Where every store is and how to log in: the one place that reads it from the environment.

Precedence: environment, then `.env` in the project's folder, then its `clickvault.toml`, which holds no secrets, then the state file
that `clickvault up` writes (`<home>/stack.json`). The stages never know which of them answered, so the embedded stack, docker compose
and a cluster differ in settings only. All addresses of one store come from one place: an owner's from the environment beside
a reader's from an old state file would write into one store and read from another.
"""

from __future__ import annotations

import os
import re
import tomllib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import quote, urlsplit

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    EnvSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from clickvault import statefile
from clickvault.errors import ConfigurationError
from clickvault.resources import DEFAULT_DOMAINS, PROJECT_FILE, project_folder
from clickvault.statefile import STATE_FILE as STATE_FILE

_STORE_FIELDS = {
    "clickhouse": ("clickhouse_url",),
    "kafka": ("kafka_bootstrap",),
    "s3": ("s3_url", "s3_access_key", "s3_secret_key"),
    "postgres": ("postgres_url",),
}

_ADDRESSES = {
    "ClickHouse": ("clickhouse_url", "clickhouse_reader_url", "neo4j_sees_clickhouse"),
    "Kafka": ("kafka_bootstrap", "clickhouse_sees_kafka"),
    "S3": ("s3_url", "clickhouse_sees_s3"),
    "PostgreSQL": ("postgres_url", "clickhouse_sees_postgres"),
    "Neo4j": ("neo4j_uri",),
}
"""The addresses of each store, by which the pipeline and other stores reach it: the pipeline's own first."""

_OF_THE_STACK = {
    "Kafka": ("kafka_epoch",),
    "S3": ("s3_access_key", "s3_secret_key", "s3_bucket"),
    "Neo4j": ("neo4j_user", "neo4j_password"),
}
"""What the state file says besides: it is true of the embedded stack's store, and of no other."""


def _default_home() -> Path:
    return project_folder() / ".clickvault"


class _ProjectFile(PydanticBaseSettingsSource):
    """What the project's clickvault.toml says: settings by their names in small letters, those of stores under [stores]."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Not used: the file is read whole."""
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        """The settings of the file; empty where there is none. Raises ConfigurationError for an invalid one, or a secret."""
        path = project_folder() / PROJECT_FILE
        try:
            said = tomllib.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise ConfigurationError(f"{path} can't be read: {error}", hint="it is TOML: docs/projects.md") from error
        stores = said.pop("stores", {})
        if not isinstance(stores, dict):
            raise ConfigurationError(f"{path}: stores must be a table", hint='[stores], then kafka_bootstrap = "..."')
        found = {**said, **stores}
        fields = self.settings_cls.model_fields
        for name, value in found.items():
            if name not in fields:
                known = ", ".join(n for n in fields if not _is_secret(n))
                raise ConfigurationError(f"{path}: there is no setting {name!r}", hint=f"known: {known}")
            if _is_secret(name) or (isinstance(value, str) and _WITH_PASSWORD.search(value)):
                raise ConfigurationError(
                    f"{path}: {name} holds a secret, which does not belong into this file",
                    hint=f"take it to {path.with_name('.env')}, as {_password_of(name)}",
                )
        if isinstance(found.get("home"), str):
            found["home"] = path.parent / found["home"]
        return found


_WITH_PASSWORD = re.compile(r"//[^@\s]*:[^@\s]*@|[?&](?i:password)=")


def _is_secret(name: str) -> bool:
    """Whether a setting is a secret, and no address that may have one in it."""
    return not Settings.model_fields[name].repr and name not in _LOGINS


def _password_of(name: str) -> str:
    """Where the secret of a setting belongs."""
    return _LOGINS[name].upper() if name in _LOGINS else variable(name)


def variable(name: str) -> str:
    """The environment variable of a setting."""
    return str(Settings.model_fields[name].validation_alias or name.upper())


class _StateFile(PydanticBaseSettingsSource):
    """The settings that the embedded stack wrote down when it started."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Not used: the file is read whole."""
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        """The `settings` object of the state file; empty when no stack was ever started."""
        home = self.current_state.get("CLICKVAULT_HOME") or self.current_state.get("home") or _default_home()
        folder = Path(home).expanduser()
        found = _of_stack(folder)
        given = self.settings_sources_data
        if not given.get("InitSettingsSource"):  # a program that names stores itself knows what it does
            places = {
                "the environment": given.get("EnvSettingsSource", {}),
                ".env": given.get("DotEnvSettingsSource", {}),
                PROJECT_FILE: given.get("_ProjectFile", {}),
                str(folder / STATE_FILE): found,
            }
            for store in _ADDRESSES:
                _check_one_place(store, places)
        return found


def _of_stack(home: Path) -> dict[str, Any]:
    """The settings that the stack of `home` wrote down; empty when none was ever started there."""
    with suppress(FileNotFoundError):
        file = statefile.read(home / STATE_FILE)
        if not statefile.original_of(file, home):  # those addresses are another home's
            return dict(file["settings"])
    return {}


def _check_one_place(store: str, places: dict[str, dict[str, Any]]) -> None:
    """Raise ConfigurationError where settings of one store come from several places, and name different servers.

    `places`: what each place says, in the order of precedence; the last is the state file.
    """

    def place_of(name: str) -> str:
        return next((place for place, said in places.items() if said.get(name)), "")

    own, *others = _ADDRESSES[store]
    given = [name for name in (own, *others) if place_of(name)]
    if not given:
        return
    first, *rest = given
    server = _server(str(places[place_of(first)][first]))
    *_, state = places
    rest = [name for name in rest if _server(str(places[place_of(name)][name])) != server]
    if _server(str(places[state].get(own, ""))) != server:
        rest += [
            name
            for name in _OF_THE_STACK.get(store, ())
            if place_of(name) == state and places[state][name] != Settings.model_fields[name].default
        ]
    for name in rest:
        if place_of(name) != place_of(first):
            raise ConfigurationError(
                f"{store} has settings from two places, of two servers perhaps: {first.upper()} from {place_of(first)}, "
                f"{name.upper()} from {place_of(name)}",
                hint=f"set {name.upper()} in {place_of(first)} too, or take {first.upper()} out of it, "
                "or name a folder without a stack in CLICKVAULT_HOME"
                if place_of(name) == state
                else f"set both in one place, or take {name.upper()} out of {place_of(name)}",
            )


def check_replaced(before: Settings, after: Settings, place: str) -> Settings:
    """`after`, whose stores' own addresses were replaced by those of `place`, unless another address is still the old server's.

    Raises ConfigurationError, as two places in the settings do.
    """
    for store, (own, *others) in _ADDRESSES.items():
        old, new = (_server(str(getattr(s, own))) for s in (before, after))
        for name in others if old and old != new else ():
            if getattr(after, name) and _server(str(getattr(after, name))) != new:
                raise ConfigurationError(
                    f"{store} has settings from two places: {place} replaces {own.upper()}, but {name.upper()} comes from "
                    "the settings",
                    hint=f"let both name one server, or take {own.upper()} and {name.upper()} out of the settings",
                )
    return after


def _server(address: str) -> str:
    """`host:port` of an address, by which two of them can be told to be one server."""
    return address.rpartition("@")[2].rpartition("//")[2].partition("/")[0].lower()


_LOGINS = {
    "clickhouse_url": "clickhouse_password",
    "clickhouse_reader_url": "clickhouse_reader_password",
    "clickhouse_graph_url": "clickhouse_graph_password",
    "postgres_url": "postgres_password",
    "clickhouse_sees_postgres": "postgres_password",
}
"""The addresses that have a login in them, and the setting of its password where the address has none."""


class Settings(BaseSettings):
    """All settings, read once and then fixed. Values that hold a password never appear in its repr."""

    model_config = SettingsConfigDict(
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        populate_by_name=True,
        hide_input_in_errors=True,
    )

    home: Path = Field(default_factory=_default_home, validation_alias="CLICKVAULT_HOME")
    domains: Annotated[list[str], NoDecode] = Field(
        default=list(DEFAULT_DOMAINS),
        validation_alias="CLICKVAULT_DOMAINS",
        description="Domains: what ships with the kit by its name, packages, folders",
    )

    parameters: Annotated[dict[str, int], NoDecode] = Field(
        default={},
        validation_alias="CLICKVAULT_PARAMETERS",
        description="Of marts, e.g. spread_views=100,spread_days=7",
    )

    services: Path | None = Field(
        default=None,
        validation_alias="CLICKVAULT_SERVICES",
        description="Where the programs that `up` fetches are kept, to be shared by several homes",
    )

    clickhouse_url: str = Field(default="", repr=False, description="http://user:password@host:port")
    clickhouse_reader_url: str = Field(default="", repr=False, description="The same for the read-only login")
    clickhouse_graph_url: str = Field(
        default="", repr=False, description="The same for the login with which Neo4j reads; default: the reader's"
    )
    clickhouse_password: str = Field(
        default="", repr=False, description="Of CLICKHOUSE_URL's login, where it says none"
    )
    clickhouse_reader_password: str = Field(default="", repr=False, description="Of CLICKHOUSE_READER_URL's")
    clickhouse_graph_password: str = Field(default="", repr=False, description="Of CLICKHOUSE_GRAPH_URL's")
    clickhouse_cluster: str = Field(default="", description="The cluster that ClickHouse's servers name themselves by")

    kafka_bootstrap: str = ""
    kafka_partitions: int = Field(default=2, ge=1)
    kafka_replication: int = Field(default=1, ge=1, description="Copies of each new topic, one a broker")
    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    kafka_sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    kafka_user: str = ""
    kafka_password: str = Field(default="", repr=False)
    kafka_epoch: str = Field(default="e0", description="Changes when the broker forgot its messages: part of a source")

    s3_url: str = ""
    s3_access_key: str = Field(default="", repr=False)
    s3_secret_key: str = Field(default="", repr=False)
    s3_bucket: str = "events"

    postgres_url: str = Field(default="", repr=False, description="postgresql://user:password@host:port/database")

    postgres_password: str = Field(default="", repr=False, description="Of POSTGRES_URL's login, where it says none")

    neo4j_uri: str = Field(default="", description="bolt://host:port; where it is set, Neo4j measures the graph")
    neo4j_user: str = "neo4j"
    neo4j_password: str = Field(default="", repr=False)
    neo4j_load: Literal["csv", "unwind"] = Field(
        default="csv", description="csv: Neo4j pulls rows from ClickHouse; unwind: they pass through Python"
    )
    neo4j_heap_mb: int = Field(default=1024, ge=256, description="Of the embedded stack's Neo4j")

    alerts: Annotated[list[str], NoDecode] = Field(
        default=[],
        validation_alias="CLICKVAULT_ALERTS",
        repr=False,
        description="Where alerts go: Apprise addresses with blanks between, e.g. tgram://TOKEN/CHAT mailtos://...",
    )
    alerts_on: str = Field(
        default="digest",
        validation_alias="CLICKVAULT_ALERTS_ON",
        description="Successes: all at once, in a digest, or not at all (failure); a DAG's own behind commas: digest,5_build_marts=all",
    )
    alerts_minutes: int = Field(
        default=60, ge=1, validation_alias="CLICKVAULT_ALERTS_MINUTES", description="The interval of a digest"
    )
    telegram_api: str = Field(
        default="",
        validation_alias="CLICKVAULT_TELEGRAM_API",
        description="A Bot API server of one's own, e.g. http://127.0.0.1:8081; default: Telegram's",
    )

    airflow_home: Path | None = Field(
        default=None,
        validation_alias="CLICKVAULT_AIRFLOW_HOME",
        description="The pipeline's Airflow, whose old logs maintenance removes; default: <home>/airflow",
    )

    keep_landed_days: int = Field(
        default=90,
        ge=1,
        validation_alias="CLICKVAULT_KEEP_LANDED_DAYS",
        description="How long messages stay in the landing table, at least: whole months are removed",
    )
    keep_ledger_days: int = Field(
        default=400, ge=1, validation_alias="CLICKVAULT_KEEP_LEDGER_DAYS", description="The same of ledgers and history"
    )

    clickhouse_sees_kafka: str = Field(default="", description="The broker's address as ClickHouse's host resolves it")
    clickhouse_sees_s3: str = ""
    clickhouse_sees_postgres: str = Field(default="", repr=False)
    neo4j_sees_clickhouse: str = Field(default="", description="http://host:port of ClickHouse as Neo4j resolves it")

    @field_validator("domains", mode="before")
    @classmethod
    def _split_domains(cls, value: Any) -> Any:
        if isinstance(value, str):
            return [name.strip() for name in value.split(",") if name.strip()]
        return value

    @field_validator("alerts", mode="before")
    @classmethod
    def _split_alerts(cls, value: Any) -> Any:
        return value.split() if isinstance(value, str) else value

    @field_validator("alerts_on")
    @classmethod
    def _check_alerts_on(cls, value: str) -> str:
        if not re.fullmatch(r"(all|digest|failure)(,[\w.-]+=(all|digest|failure))*", value):
            raise ValueError("all, digest or failure, then DAG=all|digest|failure with commas between")
        return value

    @field_validator("parameters", mode="before")
    @classmethod
    def _split_parameters(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        pairs = [pair.partition("=") for pair in value.split(",") if pair.strip()]
        for name, _, number in pairs:
            if not re.fullmatch(r"-?[0-9]{1,18}", number.strip()):
                raise ValueError(f"name=NUMBER with commas between, whole numbers only; {name.strip()} is none")
        return {name.strip(): int(number) for name, _, number in pairs}

    @field_validator(
        "clickhouse_url", "clickhouse_reader_url", "clickhouse_graph_url", "postgres_url", "clickhouse_sees_postgres"
    )
    @classmethod
    def _check_url(cls, value: str) -> str:
        """Refuse what a client would complain of with the password in its words; no part of the value is said."""
        if value:
            try:
                parts = urlsplit(value)
                good = (
                    parts.scheme in ("http", "https", "postgresql", "postgres") and parts.hostname and (parts.port or 1)
                )
                good = good and not re.search(r"%(?![0-9A-Fa-f]{2})", value)
            except ValueError:
                good = False
            if not good:
                raise ValueError("must be scheme://user:password@host:port, special characters as %XX")
        return value

    @field_validator("clickhouse_cluster")
    @classmethod
    def _check_cluster(cls, value: str) -> str:
        if value and not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,62}", value):
            raise ValueError("must be the name of a cluster: letters, digits, underscores")
        return value

    @field_validator("neo4j_uri")
    @classmethod
    def _check_bolt(cls, value: str) -> str:
        """Refuse what is no address of Neo4j's own protocol."""
        if value and not re.match(r"(bolt|neo4j)(\+s|\+ssc)?://[^/@\s]+$", value):
            raise ValueError(
                "must be bolt://host:port or neo4j://host:port; the login is NEO4J_USER and NEO4J_PASSWORD"
            )
        return value

    @model_validator(mode="after")
    def _with_passwords(self) -> Self:
        """Put each password into its address, so that stores are reached by the address alone."""
        for name, password in _LOGINS.items():
            url, secret = str(getattr(self, name)), str(getattr(self, password))
            parts = urlsplit(url)
            if secret and parts.username and parts.password is None:
                login, _, place = parts.netloc.rpartition("@")
                full = parts._replace(netloc=f"{login.rstrip(':')}:{quote(secret, safe='')}@{place}").geturl()
                object.__setattr__(self, name, full)  # the settings are fixed from here on
        return self

    @field_validator("home", "services", "airflow_home", mode="after")
    @classmethod
    def _absolute(cls, value: Path | None) -> Path | None:
        return value and value.expanduser().resolve()

    def alerts_of(self, dag: str) -> str:
        """How successes of a DAG are told: all, digest or failure."""
        general, *own = self.alerts_on.split(",")
        return dict(pair.split("=") for pair in own).get(dag, general)

    @property
    def kafka_from_clickhouse(self) -> str:
        """The broker's `host:port` as the ClickHouse engine reaches it."""
        return self.clickhouse_sees_kafka or self.kafka_bootstrap

    @property
    def s3_from_clickhouse(self) -> str:
        """The S3 endpoint's URL as the ClickHouse engine reaches it."""
        return self.clickhouse_sees_s3 or self.s3_url

    @property
    def postgres_from_clickhouse(self) -> str:
        """PostgreSQL's URL as the ClickHouse engine reaches it."""
        return self.clickhouse_sees_postgres or self.postgres_url

    @property
    def clickhouse_from_neo4j(self) -> str:
        """ClickHouse's URL, without a login, as Neo4j reaches it."""
        parts = urlsplit(self.neo4j_sees_clickhouse or self.clickhouse_url)
        return f"{parts.scheme}://{parts.hostname}:{parts.port or (8443 if parts.scheme == 'https' else 8123)}"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment before `.env` before clickvault.toml before the state file."""
        dotenv_settings = DotEnvSettingsSource(settings_cls, env_file=project_folder() / ".env")
        for source in (env_settings, dotenv_settings):
            if isinstance(source, EnvSettingsSource):
                # These are read as CLICKVAULT_HOME and so on only: $HOME is another thing.
                prefixed = {name for name, field in settings_cls.model_fields.items() if field.validation_alias}
                source.env_vars = {k: v for k, v in source.env_vars.items() if k not in prefixed}
        return init_settings, env_settings, dotenv_settings, _ProjectFile(settings_cls), _StateFile(settings_cls)


def get_settings() -> Settings:
    """The settings as they are now: read afresh, so that a stack started a moment ago is seen.

    Raises ConfigurationError that names the setting, and none of its value.
    """
    try:
        return Settings()
    except ValidationError as error:
        wrong = "; ".join(
            f"{str(e['loc'][0]).upper()}: {e['msg'].removeprefix('Value error, ')}" for e in error.errors()
        )
        raise ConfigurationError(
            wrong, hint="clickvault config says where settings are read from; docs/projects.md has all of them"
        ) from None


@dataclass(frozen=True)
class Setting:
    """A setting as it is now: its environment variable, its value without secrets, and where that is from."""

    name: str
    value: str
    place: str


def explained() -> list[Setting]:
    """Every setting with its value and where it comes from: the environment, a file, or the default."""
    settings = get_settings()
    project = project_folder()
    env, dotenv = EnvSettingsSource(Settings), DotEnvSettingsSource(Settings, env_file=project / ".env")
    places = [
        ("environment", env.env_vars),
        (".env", dotenv.env_vars),
        (PROJECT_FILE, _ProjectFile(Settings)()),
        (STATE_FILE, _of_stack(settings.home)),
    ]
    found = []
    for name in Settings.model_fields:
        keys = {variable(name).lower(), name} if variable(name) == name.upper() else {variable(name).lower()}
        place = next(
            (
                place
                for n, (place, said) in enumerate(places)
                if any(said.get(key) for key in (keys if n < 2 else {name}))
            ),
            "default",
        )
        found.append(Setting(variable(name), _shown(name, getattr(settings, name)), place))
    return found


def _shown(name: str, value: Any) -> str:
    """A value as it may be shown: no secret, no password of an address."""
    if isinstance(value, dict):
        return ",".join(f"{k}={v}" for k, v in value.items())
    if name == "alerts":
        return " ".join(f"{target.partition(':')[0]}://***" for target in value)
    if isinstance(value, list):
        return ",".join(map(str, value))
    text = "" if value is None else str(value)
    if not text or Settings.model_fields[name].repr:
        return text
    if name not in _LOGINS:
        return "***"
    parts = urlsplit(text)
    login, at, place = parts.netloc.rpartition("@")
    user, colon, _ = login.partition(":")
    query = re.sub(r"(?i)(password=)[^&]*", r"\1***", parts.query)
    return parts._replace(netloc=f"{user}{':***' if colon else ''}{at}{place}", query=query).geturl()


def own_authorities(path: str = "") -> str:
    """The text of a PEM file of authorities: `path`, or what SSL_CERT_FILE names; empty where the machine's own are meant.

    OpenSSL itself reads SSL_CERT_FILE, so all clients in Python obey it; other servers are told by this text.
    """
    name = path or os.environ.get("SSL_CERT_FILE", "")
    if not name:
        return ""
    try:
        return Path(name).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            f"{name} can't be read: {error.__class__.__name__}", hint="name a PEM file in SSL_CERT_FILE or sslrootcert"
        ) from error


def stack_ready(settings: Settings | None = None, *stores: str) -> Settings:
    """The settings, once it is sure that each store (default: all four) has an address.

    Raises ConfigurationError with the hint `clickvault up` otherwise. Says nothing about whether the store answers.
    """
    found = settings or get_settings()
    for store in stores or tuple(_STORE_FIELDS):
        for field in _STORE_FIELDS[store]:
            if not getattr(found, field):
                raise ConfigurationError(
                    f"No address for {store}: {field.upper()} is not set and no stack was started in {found.home}",
                    hint="clickvault up",
                )
    return found


def stores_elsewhere() -> bool:
    """Whether the environment or `.env` names every store, so that there is no embedded stack to start."""
    found = get_settings()
    if (found.home / STATE_FILE).exists():
        return False
    return all(getattr(found, field) for fields in _STORE_FIELDS.values() for field in fields)

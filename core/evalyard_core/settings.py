"""What a process is told from outside, read once in its `main`."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from evalyard.network import AllowedNetworks


class Settings(BaseSettings):
    """Settings of every Evalyard process; each is an environment variable `EVALYARD_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix="EVALYARD_", env_ignore_empty=True, frozen=True, extra="ignore")

    mongodb_url: str = Field(
        "mongodb://127.0.0.1:27017/?replicaSet=rs0", description="MongoDB 6.0 or newer, a replica set (change streams)."
    )
    database: str = Field("evalyard", pattern=r"^[\w-]{1,63}$", description="Name of the database.")
    broker_url: str = Field(
        "redis://127.0.0.1:6379/0", description="Redis or Valkey (redis://, rediss://) or RabbitMQ (amqp://)."
    )
    auth: Literal["none", "keys"] = Field(
        "keys", description="Who may ask: `keys` wants an API key; `none` admits everyone, on a loopback address only."
    )
    host: str = Field("127.0.0.1", description="Address that the API listens on.")
    port: int = Field(8000, ge=0, le=65535, description="Port that the API listens on.")
    cors_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Origins whose pages may use the API from a browser, divided by commas: https://app.example."
    )
    public_url: str | None = Field(
        None,
        pattern=r"^https?://[^\s?#]+$",
        description="Address under which clients reach the API, for links in exports and gates: https://evals.example.",
    )
    link_secret: SecretStr | None = Field(
        None, min_length=32, description="What signs links to exports; else a secret kept in the database."
    )
    data: Path = Field(
        Path(".evalyard"),
        description="Folder of the embedded database and broker (`evalyard up`), and of isolated plugins.",
    )
    mongod: Path | None = Field(None, description="The mongod of `evalyard up`; else one on PATH, else a wheel's.")
    valkey: Path | None = Field(None, description="The valkey-server or redis-server of `evalyard up`; likewise.")
    worker_threads: int = Field(32, ge=1, le=512, description="Batches that one worker process has under way at once.")
    lease_seconds: float = Field(
        12.0,
        ge=1.0,
        le=600.0,
        description="How long work stays with a worker that says nothing; then another one takes it over.",
    )
    worker_metrics_port: int = Field(
        0, ge=0, le=65535, description="Port of the worker's /metrics; 0 serves none. Process n of a worker adds n."
    )
    python_targets: bool = Field(
        default=False, description="Whether a worker may call Python functions of its own environment as targets."
    )
    target_allowed_networks: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Networks, addresses and hosts that targets may call besides public addresses: 10.0.0.0/8."
    )
    model_prices: Path | None = Field(
        None,
        description="JSON file with what models cost a million tokens, for traces, and for targets that do not say.",
    )
    traces_in_flight_mb: int = Field(
        64, ge=1, description="Megabytes of spans that an API process holds at once; beyond, senders are told to wait."
    )
    evaluator_timeout_seconds: float = Field(30.0, gt=0, description="The longest that one score may take.")
    trace_quiet_seconds: float = Field(
        5.0,
        ge=0,
        description="How long nothing must have come in for a trace before evaluators read it as complete.",
    )
    allowed_plugins: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Plugins that may be used, divided by commas: keys or distributions, with `*`; all without it."
    )
    denied_plugins: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Plugins that may not be used, also where they are allowed; likewise."
    )
    trusted_plugins: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Evaluators that run in the worker's own process, beside the first-party ones; likewise."
    )
    isolated_plugins: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Evaluators that run in processes of their own, also where they are trusted; likewise."
    )
    plugin_memory_mb: int = Field(
        4096, ge=0, description="Address space of a plugin's own process in MiB; 0 sets no limit."
    )
    plugin_processes: int = Field(8, ge=1, description="Processes for plugins that one worker process keeps at most.")
    log_format: Literal["json", "text"] = Field(
        "text", description="Form of the log lines on stderr: `json` or `text`."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Least level that is logged: `debug`, `info`, `warning` or `error`."
    )

    @field_validator(
        "cors_origins",
        "target_allowed_networks",
        "allowed_plugins",
        "denied_plugins",
        "trusted_plugins",
        "isolated_plugins",
        mode="before",
    )
    @classmethod
    def _split(cls, value: object) -> object:
        return [entry.strip() for entry in value.split(",") if entry.strip()] if isinstance(value, str) else value

    @field_validator("target_allowed_networks")
    @classmethod
    def _check_networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        AllowedNetworks.parse(",".join(value))
        return value

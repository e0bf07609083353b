"""
Process settings: where things are and how the process runs, from one file and the environment.

Built once at the door (`cli`, `daemon`) and handed down. What engineers tune while it runs are rules, not settings.
"""

import os
from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from batcher.domain.clock import Clock
from batcher.errors import Fault, SettingsError

#: Names the settings file; every other setting may stand in it as KEY=value.
SETTINGS_FILE = "BATCHER_SETTINGS"


class Settings(BaseSettings):
    """Every setting, its environment variable being its name in capitals behind ``BATCHER_``."""

    model_config = SettingsConfigDict(env_prefix="BATCHER_", env_file_encoding="utf-8", extra="ignore", frozen=True)

    state_dir: Path = Field(Path("state"), description="Directory for everything the daemon writes.")
    database_url: str = Field("", description="SQLite or PostgreSQL; empty is SQLite in the state directory.")
    rules: Path = Field(Path("config/floor"), description="Directory of the rules files.")
    shadow_rules: Path | None = Field(
        None, description="Rules directory that is evaluated beside the one in force, without acting on it."
    )
    shadow_s: float = Field(300.0, gt=0, description="Seconds between looks at what the shadow rules would do.")
    catalogue: Path | None = Field(
        None, description="Catalogue to use instead of catalogue.csv in the rules directory."
    )
    host: str = Field("127.0.0.1", description="Address the API listens on.")
    port: int = Field(8080, ge=0, le=65535, description="Port the API listens on; 0 lets the system choose.")
    allow_remote: bool = Field(
        False, description="Let the API listen where other machines reach it; tokens must exist, and it speaks no TLS."
    )
    requests_per_s: float = Field(100.0, gt=0, description="Requests a second that each caller of the API may make.")
    max_open_orders: int = Field(200_000, ge=1, description="Open orders from which on the API takes in no more.")
    personal_days: int = Field(
        30, ge=1, description="Days after which texts, artwork and attributes of orders that are over are forgotten."
    )
    archive_days: int = Field(
        90,
        ge=0,
        description="Days after which what is finished, and forgotten, leaves the database for the archive; 0: never.",
    )
    archive_dir: Path | None = Field(
        None, description="Directory of the archive; empty is archive/ in the state directory."
    )
    archive_s: float = Field(60.0, gt=0, description="Seconds between looks at what can leave for the archive.")
    private_hooks: bool = Field(False, description="Let news be sent to private addresses, and over plain HTTP.")
    private_artwork: bool = Field(False, description="Let artwork come from private addresses, and over plain HTTP.")
    artwork_hosts: tuple[str, ...] = Field(
        (), description='Hosts that artwork may come from, as shell patterns in JSON: ["*.shop.example"]; none: all.'
    )
    artwork_mb: int = Field(50, ge=1, le=1000, description="MiB that one artwork may have.")
    artwork_timeout_s: float = Field(30.0, gt=0, le=300, description="Seconds that one artwork may take to come.")
    news_s: float = Field(2.0, gt=0, description="Seconds between looks at what must be told.")
    drop_dir: Path | None = Field(
        None, description="Drop folder for order files; empty is drop/ in the state directory."
    )
    poll_s: float = Field(2.0, gt=0, description="Seconds between looks into the drop folder.")
    plan_s: float = Field(60.0, gt=0, description="Seconds between planning cycles.")
    dispatch_s: float = Field(2.0, gt=0, description="Seconds between looks at what must be released and sent.")
    quarantine_after: int = Field(
        3, ge=0, description="Failures in a row after which a station is taken down by itself; 0 is never."
    )
    hold_after: int = Field(
        3, ge=0, description="Times a piece, with its remakes, may fail before its order is held; 0 is never."
    )
    reports_s: float = Field(2.0, gt=0, description="Seconds between looks into the report folders.")
    housekeeping_s: float = Field(
        30.0, gt=0, description="Seconds between roll-ups, metrics and clean-up, and between looks at what is at risk."
    )
    lease_s: float = Field(
        15.0, ge=2, le=600, description="Seconds that a standby waits for a leader that is not heard (PostgreSQL)."
    )
    solver_workers: int = Field(2, ge=1, le=64, description="Processes the solver may use.")
    solver_memory_mb: int = Field(4096, ge=256, description="Memory the solver's process may take.")
    ticket_papers: bool = Field(
        False, description="Leave batch sheet and labels as PDF beside each ticket, in its station's papers folder."
    )
    paper: Literal["a4", "letter"] = Field("a4", description="Paper that batch sheets are printed on.")
    label: str = Field("62x29", description="Width and height of item labels in mm, at least 40x20.")
    seed: int = Field(0, description="Seed of the planner.")
    speed: float = Field(
        1.0, gt=0, le=10_000, description="How many times as fast as real time the floor's clock runs."
    )
    clock: str = Field("", description="FLOOR_ISO@REAL_ISO: the floor's time at a real instant; empty is now at now.")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least level that is logged.")
    log_format: Literal["json", "text"] = Field("json", description="JSON lines for machines, text for people.")
    drain_s: float = Field(20.0, gt=0, description="Seconds that a stop waits for work under way.")

    @field_validator("clock")
    @classmethod
    def _two_instants(cls, value: str) -> str:
        if value:
            floor_at, _, anchor_at = value.partition("@")
            if not (_aware(floor_at) and _aware(anchor_at)):
                raise ValueError("must be two instants with offsets, FLOOR_ISO@REAL_ISO")
        return value

    @field_validator("label")
    @classmethod
    def _a_size(cls, value: str) -> str:
        wide, _, high = value.partition("x")
        if not (wide.isdecimal() and high.isdecimal() and 40 <= int(wide) <= 300 and 20 <= int(high) <= 300):
            raise ValueError("must be width x height in mm such as 62x29, from 40x20 to 300x300")
        return value

    @property
    def label_mm(self) -> tuple[float, float]:
        """Return the width and height of labels."""
        wide, _, high = self.label.partition("x")
        return float(wide), float(high)

    @property
    def store_url(self) -> str:
        """Return the database in use."""
        return self.database_url or f"sqlite:///{self.state_dir.absolute() / 'batcher.db'}"

    @property
    def orders_dir(self) -> Path:
        """Return the drop folder in use."""
        return self.drop_dir or self.state_dir / "drop"

    @property
    def archive_folder(self) -> Path:
        """Return the directory of the archive in use."""
        return self.archive_dir or self.state_dir / "archive"

    @property
    def operator_token(self) -> Path:
        """Return where the daemon leaves a token for the command line."""
        return self.state_dir / "operator.token"

    def floor_clock(self, started_at: datetime) -> Clock:
        """Return the floor's clock; without an anchor, floor time is `started_at` now."""
        if not self.clock:
            return Clock(self.speed, started_at, started_at)
        floor_at, _, anchor_at = self.clock.partition("@")
        return Clock(self.speed, datetime.fromisoformat(floor_at), datetime.fromisoformat(anchor_at))


def _aware(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def load_settings(**overrides: object) -> Settings:
    """
    Read the settings file, if one is named, and the environment; arguments that are not None win.

    Raises
    ------
    SettingsError
        Naming each setting that cannot be used, and why.
    """
    path = os.environ.get(SETTINGS_FILE)
    if path and not Path(path).is_file():
        raise SettingsError(f"{SETTINGS_FILE}: there is no file {path}")
    chosen = {name: value for name, value in overrides.items() if value is not None}
    try:
        return Settings(_env_file=path, **chosen)  # type: ignore[arg-type] # pydantic judges what each value is
    except ValidationError as error:
        faults = [Fault(f"BATCHER_{str(e['loc'][0]).upper()}", str(e["msg"])) for e in error.errors()]
        raise SettingsError("\n".join(map(str, faults))) from error

"""Columns that hold the project's own values: moments, enums, and nested records as JSON."""

from datetime import UTC, datetime
from enum import Enum
from typing import Any

from sqlalchemy import DateTime, Dialect, Text
from sqlalchemy.types import TypeDecorator

from keepfit.adapters.codec import from_json, to_json
from keepfit.clock import utc


class Moment(TypeDecorator[datetime]):
    """An aware datetime in UTC; SQLite, which has no time zones, holds it without one."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """The moment as the database takes it."""
        if value is None:
            return None
        return utc(value).replace(tzinfo=None) if dialect.name == "sqlite" else utc(value)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """The moment, in UTC: PostgreSQL answers in the zone of the connection."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else utc(value)


class Word(TypeDecorator[Any]):
    """A member of an enum of texts, as its text: a new member needs no migration."""

    impl = Text
    cache_ok = True

    def __init__(self, kind: type[Enum]) -> None:
        super().__init__()
        self.kind = kind

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002 - the signature is given
        """The member's text."""
        return None if value is None else str(self.kind(value).value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:  # noqa: ARG002 - the signature is given
        """The member."""
        return None if value is None else self.kind(value)


class Json(TypeDecorator[Any]):
    """A nested value as JSON text, by its declared type."""

    impl = Text
    cache_ok = True

    def __init__(self, declared: Any) -> None:
        super().__init__()
        self.declared = declared

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002 - the signature is given
        """The value's JSON."""
        return None if value is None else to_json(value, self.declared).decode()

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:  # noqa: ARG002 - the signature is given
        """The value."""
        return None if value is None else from_json(value, self.declared)

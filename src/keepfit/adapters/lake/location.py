"""Where a lake lies: a folder of this machine, or an object store by its URI."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from keepfit.errors import ConfigError
from keepfit.ids import is_name

#: A Delta table cannot be opened below a folder whose path holds one of these.
_REFUSED = frozenset("%[]^|\\")


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """A folder of tables.

    Attributes:
        uri: an absolute path, or `s3://…`, `gs://…`, `abfss://…`.
        options: credentials and endpoints of an object store, as `deltalake` and Polars take them.
    """

    uri: str
    options: Mapping[str, str] | None = None

    @classmethod
    def of(cls, root: str | Path, options: Mapping[str, str] | None = None) -> "Location":
        """The location that a person or the configuration names.

        Raises:
            ConfigError: a local path holds a character that a Delta table cannot lie under.

        >>> Location.of("s3://bucket/lake").uri, Location.of("file:///srv/my%20lake").uri
        ('s3://bucket/lake', '/srv/my lake')
        """
        text = str(root)
        if "://" in text and not text.startswith("file://"):
            return cls(uri=text.rstrip("/"), options=options)
        path = unquote(urlsplit(text).path) if text.startswith("file://") else str(Path(text).absolute())
        wrong = sorted(_REFUSED & set(path))
        if wrong:
            raise ConfigError(
                f"the lake cannot lie at {path}: its path holds '{wrong[0]}'",
                hint="choose a folder without such a character",
            )
        return cls(uri=path, options=options)

    @property
    def path(self) -> Path | None:
        """The local folder; None on an object store."""
        return None if "://" in self.uri else Path(self.uri)

    def under(self, *names: str) -> "Location":
        """The folder `a/b` of this one."""
        return Location(uri="/".join((self.uri, *names)), options=self.options)

    def folders(self) -> list[str]:
        """Names of the folders in it that can name a model or a dataset, sorted; none when it is not there yet."""
        path = self.path
        if path is not None:
            found = [entry.name for entry in path.iterdir() if entry.is_dir()] if path.is_dir() else []
        else:
            found = self._stored_folders()
        return sorted(name for name in found if is_name(name))

    def _stored_folders(self) -> list[str]:
        from deltalake.fs import DeltaStorageHandler
        from pyarrow import fs

        store = fs.PyFileSystem(DeltaStorageHandler(self.uri, options=dict(self.options or {})))
        entries = store.get_file_info(fs.FileSelector("", allow_not_found=True))
        return [entry.base_name for entry in entries if entry.type == fs.FileType.Directory]

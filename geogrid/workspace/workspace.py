"""A county's data: opening, reading as of a date or a revision, editing, undoing."""

from __future__ import annotations

import datetime
import secrets
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import geopandas as gpd
import pandas as pd
import shapely

from geogrid import crs
from geogrid.coverage.town import TOWN_LAYERS, Town
from geogrid.errors import (
    EmptyLayerError,
    NotUndoableError,
    OutOfPlaceError,
    RevisionConflictError,
    RevisionNotFoundError,
    WorkspaceDamagedError,
    WorkspaceError,
    WorkspaceExistsError,
    WorkspaceLockedError,
    WorkspaceProtectedError,
)
from geogrid.io.scratch import scratch_folder
from geogrid.schema import LAYERS, SCHEMA_VERSION, TABLES, Geometry, Layer, find_layer
from geogrid.workspace import connection as files
from geogrid.workspace import content, journal, migrations, moment, touched
from geogrid.workspace.audit import Event, append_event
from geogrid.workspace.copies import PAUSE_S, TRIES, copy_county
from geogrid.workspace.edit import METRIC_CRS_SETTING, STORE_CRS_SETTING, Edit
from geogrid.workspace.geopackage import UNUSABLE, decode_geometries, decode_readable, quoted
from geogrid.workspace.rows import to_frame
from geogrid.workspace.tables import (
    JOURNALLED,
    create_private_tables,
    create_tables,
    database_of,
    require_pair,
    restore_triggers,
)

DEFAULT_READING = "minutes:10:adult"


def _utc_now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


class Workspace:
    """One county's map file and private file, open together.

    Made by `Workspace.open` or `Workspace.create`; a context manager. One thread uses it at a time.
    """

    def __init__(
        self,
        path: Path,
        connection: sqlite3.Connection,
        copy: tempfile.TemporaryDirectory[str] | None = None,
    ) -> None:
        self.path = path
        self._connection = connection
        self._copy = copy
        self._scope: tuple[str, ...] = ()

    # --- opening ---------------------------------------------------------------------------

    @classmethod
    def create(cls, path: str | Path, code: str, name: str, *, reading: str = DEFAULT_READING) -> Self:
        """A new, empty county.

        Parameters
        ----------
        code, name
            The county's 6-digit code and its name.
        reading
            The official reading of "ten minutes", such as `minutes:10:adult`.

        Raises
        ------
        WorkspaceExistsError
            When either of the two files exists.
        """
        path = Path(path)
        private = files.private_path_of(path)
        for file in (path, private):
            if file.exists():
                raise WorkspaceExistsError(path=str(file))
        made: list[Path] = []
        try:
            with files.translated(path):
                files.create_private_file(private)
                made += [private, path]
                connection = files.connect(path)
                create_tables(connection, {"county.code": code, "county.name": name, "reading": reading})
                _renew_digests(connection, "main", "private")
        except BaseException:
            for file in made:
                file.unlink(missing_ok=True)
            raise
        return cls(path, connection)

    @classmethod
    def open(cls, path: str | Path, *, readonly: bool = False) -> Self:
        """The county in a file.

        A county of an earlier schema is brought up when it is opened for writing (a copy is kept, and told).
        For reading, and where this user may not write it, a private copy of it is opened instead.

        Raises
        ------
        WorkspaceMissingError, NotAWorkspaceError, NewerSchemaError, WorkspaceDamagedError
            When the file cannot be used; it is left untouched.
        WorkspaceProtectedError
            When this user lacks a permission: for writing it, or for reading it at all.
        WorkspaceLockedError
            When another program holds it.
        """
        path = Path(path)
        files.require_file(path)
        missing = files.find_missing_permission(path)
        if missing is not None:
            if not readonly:
                raise WorkspaceProtectedError(path=str(path), missing=missing)
            return cls._open_copy(path)
        schema = files.require_workspace(path)
        if schema < SCHEMA_VERSION:
            if readonly:
                return cls._open_copy(path)
            migrations.raise_schema(path, schema)
        opened = cls(path, cls._connect(path, readonly=readonly))
        if readonly:
            opened._adopt_external()
        return opened

    def _adopt_external(self) -> None:
        """Have what other programs wrote made a revision before it is read, where that can be done now."""
        with files.translated(self.path):
            waiting = any(journal.count_external(self._connection, name) for name in ("main", "private"))
        if waiting:
            with suppress(WorkspaceError), Workspace.open(self.path) as writer:
                _ = writer.revision

    @classmethod
    def _open_copy(cls, path: Path) -> Self:
        """The county for reading from a copy of our own, where the file itself is not to be touched."""
        folder = tempfile.TemporaryDirectory(dir=scratch_folder(), prefix="county-")
        try:
            copied = copy_county(path, Path(folder.name) / path.name)
            if files.require_workspace(copied) < SCHEMA_VERSION:
                with files.translated(path), closing(files.connect(copied)) as connection:
                    migrations.raise_connection(connection)
            cls(copied, cls._connect(copied, readonly=False)).close()  # what was left half done is settled
            return cls(path, cls._connect(copied, readonly=True), folder)
        except BaseException:
            folder.cleanup()
            raise

    @classmethod
    def _connect(cls, path: Path, *, readonly: bool) -> sqlite3.Connection:
        with files.translated(path):
            connection = files.connect(path, readonly=readonly)
            try:
                if not files.private_path_of(path).exists():
                    create_private_tables(connection)
                    _renew_digests(connection, "private")
                require_pair(connection, path)
                if readonly:
                    connection.execute("PRAGMA query_only = ON")
                    return connection
                _settle(connection, path)
                if rewritten := restore_triggers(connection):
                    for layer in rewritten:
                        _renew_digests(connection, database_of(layer), names=[layer.name])
            except BaseException:
                connection.close()
                raise
        return connection

    def confine(self, scope: Sequence[str]) -> Self:
        """Let every edit from now on touch only what lies in some areas, before and after; itself.

        Parameters
        ----------
        scope
            Areas as `LAYER:CODE`; empty for the whole county. An edit beyond them raises OutOfScopeError
            and changes nothing.
        """
        self._scope = tuple(scope)
        return self

    def close(self) -> None:
        """Let go of the files."""
        self._connection.close()
        if self._copy is not None:
            self._copy.cleanup()

    def discard(self) -> None:
        """Close and remove both files: the way back from a county that was only half made."""
        self.close()
        for file in (self.path, self.private_path):
            for suffix in ("", "-wal", "-shm"):
                file.with_name(file.name + suffix).unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def private_path(self) -> Path:
        """The file that holds people, duties, accounts and the audit trail."""
        return files.private_path_of(self.path)

    # --- what kind of county ---------------------------------------------------------------

    @property
    def settings(self) -> Mapping[str, str]:
        """All settings, by name."""
        with files.translated(self.path):
            return dict(self._connection.execute("SELECT id, value FROM main.setting ORDER BY id"))

    @property
    def code(self) -> str:
        """The county's code."""
        return self.settings["county.code"]

    @property
    def name(self) -> str:
        """The county's name."""
        return self.settings["county.name"]

    @property
    def reading(self) -> str:
        """The county's official reading of "ten minutes"."""
        return self.settings["reading"]

    @property
    def store_crs(self) -> str | None:
        """The geographic CRS of everything stored; None until the first layer arrives."""
        return self.settings.get(STORE_CRS_SETTING)

    @property
    def metric_crs(self) -> str | None:
        """The CRS in which the county is measured; None until the first layer arrives."""
        return self.settings.get(METRIC_CRS_SETTING)

    @property
    def is_synthetic(self) -> bool:
        """Whether any feature is made up."""
        with files.translated(self.path):
            return any(
                self._connection.execute(
                    f"SELECT 1 FROM {quoted(name)} WHERE synthetic = 1 LIMIT 1"
                ).fetchone()
                for name in LAYERS
            )

    @property
    def had_accounts(self) -> bool:
        """Whether the county ever had an account: without one now its private file is missing."""
        with files.translated(self.path):
            return bool(self._connection.execute("SELECT had_accounts FROM main.moment").fetchone()[0])

    @property
    def revision(self) -> int:
        """The number of the latest revision. What other programs wrote meanwhile is adopted first."""
        with files.translated(self.path):
            is_readonly = self._connection.execute("PRAGMA query_only").fetchone()[0]
            if not (is_readonly or self._connection.in_transaction) and (
                journal.count_external(self._connection, "main")
                or journal.count_external(self._connection, "private")
            ):
                with self._transaction():
                    moment.adopt_external(self._connection, _utc_now())
            row = self._connection.execute("SELECT ifnull(max(id), 0) FROM main.revision").fetchone()
        return int(row[0])

    def count(self, name: str) -> int:
        """How many features (ended ones too) a layer or table holds."""
        layer = find_layer(name)
        with files.translated(self.path):
            sql = f"SELECT count(*) FROM {database_of(layer)}.{quoted(name)}"
            return int(self._connection.execute(sql).fetchone()[0])

    # --- reading ---------------------------------------------------------------------------

    def read(
        self,
        name: str,
        *,
        on: datetime.date | None = None,
        revision: int | None = None,
        ended: bool = False,
    ) -> pd.DataFrame:
        """A layer (GeoDataFrame in the store CRS) or a table (DataFrame), ordered by key.

        Parameters
        ----------
        on
            The features valid on that day; today when None.
        revision
            As the data stood at the end of that revision; the latest when None.
        ended
            Return every feature, whatever its dates.

        Returns
        -------
        The schema's columns and `version`.

        Raises
        ------
        UnknownLayerError
            When the schema has no such layer.
        RevisionNotFoundError
            When there was no such revision.
        """
        return self._read(name, on, revision, ended=ended, decode=decode_geometries)

    def _read(
        self,
        name: str,
        on: datetime.date | None,
        revision: int | None,
        *,
        ended: bool,
        decode: Callable[[Sequence[bytes | None]], Any],
    ) -> pd.DataFrame:
        layer = find_layer(name)
        is_spatial = layer.geometry is not Geometry.NONE
        database = database_of(layer)
        names = ["fid", *(["geom"] if is_spatial else []), *layer.column_names, "version"]
        with files.translated(self.path):
            rows = self._connection.execute(
                f"SELECT {', '.join(map(quoted, names))} FROM {database}.{quoted(name)}"
            ).fetchall()
            if revision is not None:
                self._require_revision(revision)
                rows = self._rewind(layer, names, rows, revision)
        day = None if ended or "valid_to" not in names else (on or datetime.date.today())  # noqa: DTZ011  # the office's own day
        try:
            return self._tabulate(layer, names, rows, day, decode)
        except (shapely.errors.GEOSException, TypeError, ValueError, IndexError, OverflowError) as error:
            raise WorkspaceDamagedError(path=str(self.path), found=f"{name}: {error}") from error

    def _tabulate(
        self,
        layer: Layer,
        names: list[str],
        rows: list[tuple[Any, ...]],
        day: datetime.date | None,
        decode: Callable[[Sequence[bytes | None]], Any],
    ) -> pd.DataFrame:
        """Stored rows, with `fid` and `geom` first, as a frame ordered by key; those valid on a day."""
        if day is not None:
            rows = _select_valid(rows, names, day.isoformat())
        rows.sort(key=lambda row: (row[names.index(layer.key)], row[0]))
        values = list(zip(*rows, strict=True)) if rows else [()] * len(names)
        if layer.geometry is Geometry.NONE:
            return to_frame(layer, values[1:], None, self.store_crs)
        return to_frame(layer, values[2:], decode(values[1]), self.store_crs)

    def read_suspect(self, name: str, *, ended: bool = False) -> gpd.GeoDataFrame:
        """A layer for whoever looks for faults in it: as `read_metric`, but a shape that cannot be read or that has
        no place in metres is `geopackage.UNUSABLE` instead of an error.
        """
        frame = self._read(name, None, None, ended=ended, decode=decode_readable)
        assert isinstance(frame, gpd.GeoDataFrame)  # noqa: S101  # tables have no place to measure
        if self.metric_crs is None:
            return frame
        try:
            return crs.change_crs(frame, self.metric_crs, name)
        except OutOfPlaceError as error:
            shapes, rows = frame.geometry.to_numpy().copy(), [row - 1 for row in error.rows]
            shapes[rows] = None
            frame = frame.set_geometry(gpd.GeoSeries(shapes, index=frame.index, crs=frame.crs))
            measured = crs.change_crs(frame, self.metric_crs, name)
            shapes = measured.geometry.to_numpy().copy()
            shapes[rows] = UNUSABLE
            return measured.set_geometry(gpd.GeoSeries(shapes, index=frame.index, crs=measured.crs))

    def read_metric(
        self,
        name: str,
        *,
        on: datetime.date | None = None,
        revision: int | None = None,
        ended: bool = False,
    ) -> gpd.GeoDataFrame:
        """A layer in the CRS in which the county is measured; otherwise as `read`."""
        frame = self.read(name, on=on, revision=revision, ended=ended)
        assert isinstance(frame, gpd.GeoDataFrame)  # noqa: S101  # tables have no place to measure
        return frame if self.metric_crs is None else crs.change_crs(frame, self.metric_crs, name)

    def read_town(self, *, on: datetime.date | None = None, revision: int | None = None) -> Town:
        """The layers that a coverage computation reads, in metres, all of one moment.

        Raises
        ------
        EmptyLayerError
            When the county holds no layer at all.
        """
        if self.metric_crs is None:
            raise EmptyLayerError(layer="street", title=LAYERS["street"].zh)
        with self.snapshot():
            return Town.from_layers({n: self.read_metric(n, on=on, revision=revision) for n in TOWN_LAYERS})

    def read_all(self) -> tuple[dict[str, gpd.GeoDataFrame], dict[str, pd.DataFrame]]:
        """Every layer, in metres, and every table, people and ended features included, all of one moment.

        Shapes are as `read_suspect` gives them.

        Raises
        ------
        EmptyLayerError
            When the county holds no layer at all.
        """
        if self.metric_crs is None:
            raise EmptyLayerError(layer="county", title=LAYERS["county"].zh)
        with self.snapshot():
            layers = {name: self.read_suspect(name, ended=True) for name in LAYERS}
            return layers, {name: self.read(name, ended=True) for name in TABLES}

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """Several reads of one moment, whatever others commit meanwhile; one within another is the outer one.

        Gives the connection, for reading tables without history.
        """
        if self._connection.in_transaction:
            yield self._connection
            return
        with files.translated(self.path):
            self._begin_reading()
            try:
                yield self._connection
            finally:
                self._connection.execute("ROLLBACK")

    def _begin_reading(self) -> None:
        """Begin a transaction that reads both files as one commit left them."""
        for number in range(TRIES):
            self._connection.execute("BEGIN")
            if moment.compare_marks(self._connection) is moment.Pair.SAME:
                return
            self._connection.execute("ROLLBACK")
            if number == TRIES - 2:  # nobody is at work between the two: a commit was left half done
                Workspace.open(self.path).close()
            time.sleep(PAUSE_S)
        raise WorkspaceLockedError(path=str(self.path), waited_s=TRIES * PAUSE_S)

    def find_damage(self) -> list[str]:
        """What is not as it was written: faults of the files' structure, and tables whose rows changed by themselves.

        Returns
        -------
        Such as `main.building`; empty when both files are whole.
        """
        with self.snapshot() as connection:
            faults = [
                f"{database}: {text}"
                for database in ("main", "private")
                for (text,) in connection.execute(f"PRAGMA {database}.integrity_check(5)")
                if text != "ok"
            ]
            return faults or content.find_damaged(connection)

    def history(self) -> pd.DataFrame:
        """The revisions, latest first: `revision`, `at` (UTC), `author`, `note`, `undoes`, `n_changes`.

        An author is told by the private file; without it there is none. A revision that undoes
        itself is one that cannot be undone.
        """
        with files.translated(self.path):
            rows = self._connection.execute(
                """SELECT r.id, r.at, coalesce(nullif(r.author, ''), p.author, ''), r.note, r.undoes,
                   (SELECT count(*) FROM main.change c WHERE c.revision = r.id)
                   + (SELECT count(*) FROM private.change c WHERE c.revision = r.id)
                   FROM main.revision r LEFT JOIN private.revision p ON p.id = r.id ORDER BY r.id DESC"""
            ).fetchall()
        frame = pd.DataFrame(rows, columns=["revision", "at", "author", "note", "undoes", "n_changes"])
        return frame.astype({"undoes": "Int64"})

    # --- writing ---------------------------------------------------------------------------

    @contextmanager
    def edit(self, author: str, note: str, *, event: Event | None = None) -> Iterator[Edit]:
        """One edit: all of it becomes one revision, or an error leaves everything as it was.

        An edit that changes nothing makes no revision.

        Parameters
        ----------
        event
            What goes on record with it, in the same transaction; its detail gets the revision, and what
            the edit adds to `Edit.told`.

        Examples
        --------
        >>> with workspace.edit("planning office", "new centre") as edit:  # doctest: +SKIP
        ...     edit.insert("centre", frame)
        """
        self._ensure_private_file()
        with files.translated(self.path), self._transaction():
            ground = touched.read_scope(self._connection, self._scope) if self._scope else None
            revision = moment.begin_revision(self._connection, _utc_now(), author, note)
            edit = Edit(self._connection, revision)
            yield edit
            edit.finish()
            if not self._has_changes(revision):
                edit.revision = None
                raise _NothingChangedError
            if event is not None:
                detail = {**event.detail, **edit.told, "revision": revision}
                append_event(
                    self._connection, replace(event, detail=detail), datetime.datetime.now(datetime.UTC)
                )
            if ground is not None:
                touched.require_within(self._connection, revision, ground)
            moment.close_revision(self._connection, revision)
            if edit.is_history_rewritten:
                content.renew(self._connection, "private")

    @contextmanager
    def rehearse(self) -> Iterator[Edit]:
        """An edit that is taken back at its end: what it would do, and whether it can be done."""
        with files.translated(self.path), self._transaction():
            moment.begin_revision(self._connection, _utc_now(), "", "")
            yield Edit(self._connection)
            raise _NothingChangedError

    @contextmanager
    def write_records(self) -> Iterator[sqlite3.Connection]:
        """A transaction over the tables without history (accounts, audit trail), which makes no revision."""
        self._ensure_private_file()
        with files.translated(self.path), self._transaction():
            yield self._connection
            content.renew(self._connection, "private", content.WITHOUT_HISTORY)

    def compact(self) -> bool:
        """Write both files anew without what was deleted, and empty their logs.

        Returns
        -------
        Whether it was done: not while another program reads, which keeps old pages in the log.
        """
        with files.translated(self.path):
            self._connection.execute("PRAGMA temp_store = MEMORY")  # no copy on the disk
            databases = ("main", "private") if self.private_path.exists() else ("main",)
            for database in databases:
                self._connection.execute(f"VACUUM {database}")
            is_busy = [
                self._connection.execute(f"PRAGMA {database}.wal_checkpoint(TRUNCATE)").fetchone()[0]
                for database in databases
            ]
        return not any(is_busy)

    def set_setting(self, name: str, value: str, author: str) -> None:
        """Set one setting, as a revision of its own."""
        with self.edit(author, f"{name} = {value}") as edit:
            edit.set_setting(name, value)

    def undo(self, author: str, expected: int | None = None, *, actor: str | None = None) -> int:
        """Take back the latest revision that is not undone yet; the number of the revision taken back.

        Undoing again takes back the one before it. The undone revision stays in the history.

        Parameters
        ----------
        expected
            The revision that is meant; None for whichever it is.
        actor
            Whom the record names; the author when None.

        Raises
        ------
        RevisionNotFoundError
            When there is nothing to undo.
        RevisionConflictError
            When another revision than the one expected would be taken back.
        """
        self._ensure_private_file()
        with files.translated(self.path), self._transaction():
            moment.adopt_external(self._connection, _utc_now())
            undone = journal.find_undoable(self._connection)
            if undone is None:
                raise RevisionNotFoundError(revision="可撤销的 / to undo", known="-")
            if expected is not None and undone != expected:
                raise RevisionConflictError(expected=expected, found=undone)
            self._take_back(undone, author, actor or author)
        return undone

    def undo_revision(self, revision: int, author: str, *, actor: str | None = None) -> int:
        """Take back one revision, whatever came after it, where nothing that it touched was changed since.

        Returns
        -------
        The number of the revision that takes it back.

        Raises
        ------
        NotUndoableError
            When there is no such revision, or it is undone already or cannot be.
        RowsChangedError, DuplicateKeysError
            When what it touched was changed again, or its keys are taken by now; nothing is changed then.
        """
        self._ensure_private_file()
        with files.translated(self.path), self._transaction():
            moment.adopt_external(self._connection, _utc_now())
            if not journal.can_undo(self._connection, revision):
                raise NotUndoableError(revision=str(revision))
            touched.require_unchanged_since(self._connection, revision)
            made = self._take_back(revision, author, actor or author)
            for layer in JOURNALLED:
                Edit(self._connection).require_unique(layer)
        return made

    # --- parts -----------------------------------------------------------------------------

    def _take_back(self, undone: int, author: str, actor: str) -> int:
        """Put the rows of a revision back within the running transaction; the revision that does so."""
        ground = touched.read_scope(self._connection, self._scope) if self._scope else None
        revision = moment.begin_revision(self._connection, _utc_now(), author, "undo", undoes=undone)
        for layer in JOURNALLED:
            journal.put_back(self._connection, layer, database_of(layer), undone)
        if ground is not None:
            touched.require_within(self._connection, revision, ground)
        action = "roster.undo" if journal.is_personal(self._connection, undone) else "undo"
        told = Event(actor, action, f"revision#{undone}", detail={"revision": revision})
        append_event(self._connection, told, datetime.datetime.now(datetime.UTC))
        moment.close_revision(self._connection, revision)
        return revision

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._begin_writing()
        last = journal.find_last(self._connection, "main")
        try:
            yield
            if journal.find_last(self._connection, "main") != last:
                moment.mark_commit(self._connection)
            self._connection.execute("COMMIT")
        except _NothingChangedError:
            self._connection.execute("ROLLBACK")
        except BaseException:
            if self._connection.in_transaction:  # SQLite itself rolls back when the disk is full
                self._connection.execute("ROLLBACK")
            raise

    def _begin_writing(self) -> None:
        """Take the write locks of both files; a commit of ours that failed between the two is settled first."""
        self._connection.execute("BEGIN IMMEDIATE")
        if moment.compare_marks(self._connection) is not moment.Pair.SAME:
            self._connection.execute("ROLLBACK")
            _settle(self._connection, self.path)
            self._connection.execute("BEGIN IMMEDIATE")

    def _has_changes(self, revision: int) -> bool:
        return any(
            self._connection.execute(
                f"SELECT 1 FROM {d}.change WHERE revision = ? LIMIT 1", (revision,)
            ).fetchone()
            for d in ("main", "private")
        )

    def _require_revision(self, revision: int) -> None:
        latest = self._connection.execute("SELECT ifnull(max(id), 0) FROM main.revision").fetchone()[0]
        if not 0 <= revision <= latest:
            raise RevisionNotFoundError(revision=str(revision), known=f"0-{latest}")

    def _rewind(
        self, layer: Layer, names: list[str], rows: list[tuple[Any, ...]], revision: int
    ) -> list[tuple[Any, ...]]:
        by_fid = {row[0]: row for row in rows}
        for fid, values, blob in journal.read_states_before(
            self._connection, layer, database_of(layer), revision
        ):
            if values is None:
                by_fid.pop(fid, None)
            else:
                state = {**values, "fid": fid, "geom": blob}
                by_fid[fid] = tuple(state.get(name) for name in names)
        return list(by_fid.values())

    def _ensure_private_file(self) -> None:
        """Give a map that was handed on without its private file a new, empty one before it is edited."""
        if self.private_path.exists():
            files.keep_private(self.private_path)
            return
        self._connection.execute("DETACH private")
        files.create_private_file(self.private_path)
        self._connection.execute("ATTACH ? AS private", (str(self.private_path),))
        self._connection.execute("PRAGMA private.journal_mode = WAL")
        self._connection.execute("PRAGMA private.secure_delete = ON")
        # A new chain of marks: the private file that this map was made with is not one commit behind it.
        self._connection.execute("UPDATE main.moment SET token = ?, previous = ''", (secrets.token_hex(8),))
        create_private_tables(self._connection)
        _renew_digests(self._connection, "private")


def _settle(connection: sqlite3.Connection, path: Path) -> None:
    """Bring both files to one moment where a commit reached one of them alone."""
    if moment.compare_marks(connection) is moment.Pair.SAME:
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        moment.settle(connection, path, _utc_now())
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _renew_digests(
    connection: sqlite3.Connection, *databases: str, names: Sequence[str] | None = None
) -> None:
    connection.execute("BEGIN IMMEDIATE")
    for database in databases:
        content.renew(connection, database, names)
    connection.execute("COMMIT")


class _NothingChangedError(Exception):
    """Ends an edit that made no change, without a revision."""


def _select_valid(rows: list[tuple[Any, ...]], names: list[str], day: str) -> list[tuple[Any, ...]]:
    first, last = names.index("valid_from"), names.index("valid_to")
    return [
        row
        for row in rows
        if (row[first] is None or row[first] <= day) and (row[last] is None or row[last] >= day)
    ]

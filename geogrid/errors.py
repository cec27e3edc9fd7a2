"""Every error that geogrid raises on purpose, each with a message that says what to do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar

LISTED = 5
"""How many ids, rows or faults a message names before it only counts the rest."""


@dataclass(frozen=True)
class Fault:
    """One fault of one row of an input file.

    Attributes
    ----------
    zh, en
        What is wrong and what to do, in Chinese and in English.
    row
        The row as a person counts it in the file (a spreadsheet's own number, or the feature's
        number counted from 1); None where the fault is the whole file's.
    column
        The column at fault, as the file names it.
    """

    zh: str
    en: str
    row: int | None = None
    column: str | None = None


@dataclass(frozen=True)
class TouchedRow:
    """A row that an edit meets: its layer, its key, its name where it has one, and the titles of its layer."""

    layer: str
    key: str
    name: str
    zh: str
    en: str

    def to_dict(self) -> dict[str, str]:
        """What programs are told of it."""
        return {"layer": self.layer, "key": self.key, "name": self.name}


def _shown(value: Any, language: str) -> str:
    """A field as a message shows it: lists are cut after `LISTED` items and the rest is counted."""
    if isinstance(value, str) or not isinstance(value, Iterable):
        return str(value)
    items = list(value)
    shown = [_shown_item(item, language) for item in items[:LISTED]]
    separator = "\n  " if items and isinstance(items[0], Fault) else ", "
    text = separator.join(shown)
    if len(items) > LISTED:
        more = len(items) - LISTED
        text += separator + (f"……另有 {more} 处" if language == "zh" else f"… and {more} more")
    return text


def _shown_item(item: Any, language: str) -> str:
    if isinstance(item, Fault):
        return _shown_fault(item, language)
    if isinstance(item, TouchedRow):
        title = item.zh if language == "zh" else item.en
        return " ".join(part for part in (title, item.key, item.name) if part)
    return str(item)


def _shown_fault(fault: Fault, language: str) -> str:
    where = []
    if fault.row is not None:
        where.append(f"第 {fault.row} 行" if language == "zh" else f"row {fault.row}")
    if fault.column is not None:
        where.append(f"列“{fault.column}”" if language == "zh" else f"column “{fault.column}”")
    text = fault.zh if language == "zh" else fault.en
    joint = "：" if language == "zh" else ": "
    return ("，" if language == "zh" else ", ").join(where) + joint + text if where else text


@dataclass(eq=False)
class GeogridError(Exception):
    """Base of all. A child declares its fields and the two sentences that are filled with them."""

    zh: ClassVar[str] = "geogrid 无法继续。"
    en: ClassVar[str] = "geogrid cannot go on."

    def message(self, language: str, template: str | None = None) -> str:
        """The message in one language, `zh` or `en`; in the words of another template where one is given."""
        template = template or (self.zh if language == "zh" else self.en)
        return template.format(**{f.name: _shown(getattr(self, f.name), language) for f in fields(self)})

    def details(self) -> dict[str, Any]:
        """What programs are told beside the message; nothing where the message is all there is."""
        return {}

    def __str__(self) -> str:
        return f"{self.message('zh')}\n{self.message('en')}"

    def __reduce__(self) -> tuple[type, tuple[Any, ...]]:
        return type(self), tuple(getattr(self, f.name) for f in fields(self))


# --- a call or a file that is wrong -----------------------------------------------------------


@dataclass(eq=False)
class InputError(GeogridError, ValueError):
    """What was handed in is wrong: the caller mends it and calls again."""


@dataclass(eq=False)
class InvalidOptionError(InputError):
    """An option or argument whose value means nothing here."""

    zh = "{option} 的值“{value}”无效：应为 {expected}。"
    en = "{option} is “{value}”; expected {expected}."
    option: str
    value: str
    expected: str


@dataclass(eq=False)
class FileMissingError(InputError):
    """A file to read that is not there."""

    zh = "找不到文件 {file}。请检查路径。"
    en = "There is no file {file}. Check the path."
    file: str


@dataclass(eq=False)
class FileContentError(InputError):
    """A file that holds faults; all of them are reported at once and nothing was stored."""

    zh = "文件 {file} 未导入，数据没有任何改动。请改正后重试：\n  {faults}"
    en = "{file} was not imported and nothing was changed. Mend this and try again:\n  {faults}"
    file: str
    faults: Sequence[Fault]


@dataclass(eq=False)
class UnsupportedFileError(InputError):
    """A file of a kind that is not read, or whose content is not what its name says."""

    zh = "不支持文件 {file}（{found}）。可用：{supported}。"
    en = "{file} cannot be read ({found}). Supported: {supported}."
    file: str
    found: str
    supported: Sequence[str]


@dataclass(eq=False)
class UnfinishedFileError(InputError):
    """A file that ends, or says itself that it ends, before all of its data."""

    zh = "文件 {file} 没有下载完（{found}），未导入任何内容。请重新下载，范围大时分块下载。"
    en = "The download of {file} broke off ({found}) and nothing was imported. Download it again, in parts where it is large."
    file: str
    found: str


@dataclass(eq=False)
class TextEncodingError(InputError):
    """A file whose texts read badly in the encoding named, or in more than one way."""

    zh = "无法确定文件 {file} 的文字编码（声明：{found}），未导入任何内容。请用 --encoding 指定读得通的一种：\n  {offers}"
    en = "The text encoding of {file} is not clear (stated: {found}) and nothing was imported. Name the one that reads right with --encoding:\n  {offers}"
    file: str
    found: str
    offers: Sequence[Fault]


@dataclass(eq=False)
class FileTooCostlyError(InputError):
    """A file that the guarded reader gave up on: too large, too slow, or it killed the reader."""

    zh = "读取文件 {file} 时超出限制：{limit}。未导入任何内容。请拆分或简化文件后重试。"
    en = "Reading {file} went beyond a limit: {limit}. Nothing was imported. Split or simplify the file."
    file: str
    limit: str


@dataclass(eq=False)
class MissingColumnsError(InputError):
    """A table or layer without a column it must have."""

    zh = "{file} 缺少列：{missing}。现有列：{found}。可用 --column 我方列名=对方列名 指定对应关系。"
    en = "{file} lacks the columns {missing}; it has {found}. Map them with --column ours=theirs."
    file: str
    missing: Sequence[str]
    found: Sequence[str]


@dataclass(eq=False)
class MissingDatumError(InputError):
    """A file with coordinates whose datum nobody stated."""

    zh = "未说明 {file} 的坐标基准。请加 --datum wgs84|cgcs2000|gcj02|bd09（高德、腾讯多为 gcj02，百度为 bd09）。"
    en = "The datum of {file} was not stated. Add --datum wgs84|cgcs2000|gcj02|bd09 (Amap and Tencent use gcj02, Baidu bd09)."
    file: str


@dataclass(eq=False)
class CrsError(InputError):
    """A coordinate system that is missing, unknown, contradictory or of no use here."""

    zh = "坐标系问题（{where}）：现为 {found}，应为 {expected}。"
    en = "Coordinate system of {where}: found {found}, expected {expected}."
    where: str
    found: str
    expected: str


@dataclass(eq=False)
class OutOfPlaceError(InputError):
    """Coordinates that cannot be where they claim to be."""

    zh = "{where} 有 {count} 个要素的坐标不合理（要素：{rows}）。{hint_zh}"
    en = "{count} features of {where} have impossible coordinates (features {rows}). {hint_en}"
    where: str
    count: int
    rows: Sequence[int]
    hint_zh: str
    hint_en: str


@dataclass(eq=False)
class RosterConflictError(InputError):
    """A roster with people of whom it is not clear who on record they are."""

    zh = "名册中有 {count} 处冲突，未写入。请在“人员编号”列填写编号后重试；新人员请填一个新编号。"
    en = "The roster has {count} conflicts and nothing was written. Enter person ids, a new one for a new person."
    count: int


@dataclass(eq=False)
class BulkExportError(InputError):
    """An export of a whole county that nobody was asked about."""

    zh = "导出 {what} 是全县批量数据（超过 25 平方公里的大比例尺全要素数据可能涉密），须先确认：请在终端中运行，或加 --yes。"
    en = "Exporting {what} takes out a whole county at once (full-feature data of more than 25 km2 can be classified) and asks first: run it on a terminal, or add --yes."
    what: str


@dataclass(eq=False)
class UnknownLayerError(InputError):
    """A layer that the schema does not declare."""

    zh = "没有名为“{layer}”的图层。可用图层：{known}。"
    en = "There is no layer “{layer}”. Layers: {known}."
    layer: str
    known: str


@dataclass(eq=False)
class UnknownServiceError(InputError):
    """A service that no centre offers."""

    zh = "没有邻里服务中心提供“{service}”。现有服务项目：{known}。"
    en = "No service centre offers “{service}”. Services: {known}."
    service: str
    known: str


@dataclass(eq=False)
class NotAHomeError(InputError):
    """A building in which nobody is taken to live, and whose walk was asked for."""

    zh = "楼栋 {building} 的用途是“{use}”，不作为住宅计算，没有步行结果。"
    en = "Building {building} is of use “{use}” and no home: no walk is computed for it."
    building: str
    use: str


@dataclass(eq=False)
class LayerNotEmptyError(InputError):
    """An import into a layer that already holds features, without saying what becomes of them."""

    zh = "图层 {layer} 已有 {count} 个要素。请加 --replace（整层替换）或 --merge（按编号合并）。"
    en = "Layer {layer} already holds {count} features. Add --replace (the whole layer) or --merge (by key)."
    layer: str
    count: int


@dataclass(eq=False)
class SitingDataError(InputError):
    """Arrays of a siting question that cannot be what they claim to be."""

    zh = "选址数据有误（{where}）：现为 {found}，应为 {expected}。请改正后重试。"
    en = "The siting data is wrong ({where}): found {found}, expected {expected}. Mend it and try again."
    where: str
    found: str
    expected: str


@dataclass(eq=False)
class TooManySitesError(InputError):
    """More new sites asked for than there are candidates allowed."""

    zh = "要选 {asked} 个新点，但可用的备选点只有 {available} 个。请减少数量，或增加备选点、减少禁用点。"
    en = "{asked} new sites were asked for but only {available} candidates may be used. Ask for fewer, or add candidates or forbid fewer."
    asked: int
    available: int


@dataclass(eq=False)
class FixedSitesError(InputError):
    """Must-have and forbidden sites that contradict each other or the number of sites."""

    zh = "必选点与禁选点矛盾：{found_zh}。请修改必选点、禁选点或数量。"
    en = "Must-have and forbidden sites contradict: {found_en}. Change them or the number of sites."
    found_zh: str
    found_en: str


# --- something that is not there ---------------------------------------------------------------


@dataclass(eq=False)
class NotFoundError(GeogridError, LookupError):
    """What was asked for does not exist."""


@dataclass(eq=False)
class PlaceNotFoundError(NotFoundError):
    """No building, compound or area of that name.

    Attributes
    ----------
    suggestions
        Names like it, for programs; the hint tells people.
    """

    zh = "没有找到“{query}”。{hint_zh}"
    en = "Nothing is known by the name “{query}”. {hint_en}"
    query: str
    hint_zh: str = "请换一种写法，或用 --lonlat 经度,纬度 查询。"
    hint_en: str = "Try another spelling, or --lonlat LON,LAT."
    suggestions: Sequence[str] = ()


@dataclass(eq=False)
class FeatureNotFoundError(NotFoundError):
    """No feature with that key in the layer."""

    zh = "图层 {layer} 中没有编号 {keys}。"
    en = "Layer {layer} has no {keys}."
    layer: str
    keys: Sequence[str]


@dataclass(eq=False)
class RevisionEmptyError(NotFoundError):
    """A revision in which the county did not hold yet what is compared."""

    zh = "修订版 {revision} 时图层 {layer}（{title}）还没有数据，无法与之比较。请选择更晚的修订版（见 geogrid history）。"
    en = "At revision {revision} the layer {layer} was still empty; nothing can be compared with it. Choose a later one (geogrid history)."
    revision: int
    layer: str
    title: str


@dataclass(eq=False)
class RevisionNotFoundError(NotFoundError):
    """A revision that the workspace never had, or nothing to undo."""

    zh = "没有修订版 {revision}；现有 {known}。"
    en = "There is no revision {revision}; known: {known}."
    revision: str
    known: str


@dataclass(eq=False)
class NotUndoableError(NotFoundError):
    """A revision named to be taken back that there is not, that is taken back already or never can be."""

    zh = "修订 {revision} 不存在、已经撤销，或不能撤销；未作任何改动。"
    en = "Revision {revision} does not exist, is taken back already or cannot be taken back; nothing was changed."
    revision: str


# --- an analysis that cannot be done -----------------------------------------------------------


@dataclass(eq=False)
class AnalysisError(GeogridError):
    """The data is sound but the question cannot be answered from it."""


@dataclass(eq=False)
class EmptyLayerError(AnalysisError):
    """An analysis that needs a layer which holds nothing."""

    zh = "无法计算：图层 {layer}（{title}）没有数据。{hint_zh}"
    en = "This needs the layer {layer}, which is empty. {hint_en}"
    layer: str
    title: str
    hint_zh: str = "请先用 geogrid import 或 geogrid import-osm 导入。"
    hint_en: str = "Load it first with geogrid import or geogrid import-osm."


@dataclass(eq=False)
class UndecidableMendError(AnalysisError):
    """Areas that cannot be mended without somebody deciding something first; all reasons at once."""

    zh = "图层 {layer} 未修复，数据没有任何改动：\n  {faults}"
    en = "{layer} was not mended and nothing was changed:\n  {faults}"
    layer: str
    faults: Sequence[Fault]


@dataclass(eq=False)
class NetworkTooLargeError(AnalysisError):
    """Walks whose sums could grow beyond the whole numbers that a float holds exactly."""

    zh = "路网过大，无法精确计算（累计 {found}，上限 {limit}）。请按区域拆分后分别计算。"
    en = "The network is too large for exact sums ({found}, the limit is {limit}). Split it by area."
    found: str
    limit: str


@dataclass(eq=False)
class NoCandidatesError(AnalysisError):
    """A siting question without any place to choose."""

    zh = "没有可选的备选点。请先导入或生成备选点（candidate 图层），或放宽禁用条件。"
    en = "There is no candidate to choose from. Import or generate candidates (layer candidate), or forbid fewer."


@dataclass(eq=False)
class NothingToGainError(AnalysisError):
    """A siting question whose candidates reach nobody who is not served already."""

    zh = "备选点够不到任何尚未覆盖的居民（尚未覆盖 {uncovered} 人）。若为 0 则已全部覆盖；否则请增加备选点，或改善道路。"
    en = "No candidate reaches anybody not yet served ({uncovered} people are not). At 0 everybody is served; otherwise add candidates, or mend the streets."
    uncovered: int


@dataclass(eq=False)
class PeopleUnknownError(AnalysisError):
    """People are to be counted of whom nothing is known in any home."""

    zh = (
        "无法按此加权：所有住宅的 {column}（人数）均为空。请先导入人口数据，或改用 --weight homes（按楼栋）。"
    )
    en = "Nobody can be counted so: {column} is empty in every home. Import people first, or use --weight homes."
    column: str


@dataclass(eq=False)
class InfeasibleSitingError(AnalysisError):
    """Conditions that no choice of sites can meet."""

    zh = "没有任何选址方案满足条件：{reason_zh}。{remedy_zh}"
    en = "No choice of sites meets the conditions: {reason_en}. {remedy_en}"
    reason_zh: str
    reason_en: str
    remedy_zh: str
    remedy_en: str


# --- the county's file -------------------------------------------------------------------------


@dataclass(eq=False)
class WorkspaceError(GeogridError):
    """The county's file cannot be used as asked; nothing in it was changed."""


@dataclass(eq=False)
class WorkspaceMissingError(WorkspaceError):
    """There is no such file."""

    zh = "没有文件 {path}。用 geogrid init {path} --code … --name … 新建，或 geogrid demo {path} 生成演示县。"
    en = "There is no {path}. Create it with geogrid init {path} --code … --name …, or build the demo with geogrid demo {path}."
    path: str


@dataclass(eq=False)
class WorkspaceExistsError(WorkspaceError):
    """A file stands where a new one was to be made."""

    zh = "{path} 已存在，未改动。请换一个文件名，或先移走它。"
    en = "{path} exists and was left alone. Choose another name or move it away."
    path: str


@dataclass(eq=False)
class NotAWorkspaceError(WorkspaceError):
    """A file that is no county file of geogrid."""

    zh = "{path} 不是 geogrid 的县域文件（{found}），未改动。要把它作为数据导入，请用 geogrid import。"
    en = "{path} is no county file of geogrid ({found}); it was left alone. To load it as data use geogrid import."
    path: str
    found: str


@dataclass(eq=False)
class NewerSchemaError(WorkspaceError):
    """A file that a newer geogrid wrote."""

    zh = (
        "{path} 由更新版本的 geogrid 写成（数据结构 {found}，本程序支持到 {known}），未改动。请升级 geogrid。"
    )
    en = "{path} was written by a newer geogrid (schema {found}, this one knows up to {known}); left alone. Upgrade geogrid."
    path: str
    found: int
    known: int


@dataclass(eq=False)
class WorkspaceLockedError(WorkspaceError):
    """Another program holds the file."""

    zh = "{path} 正被其他程序写入，等待 {waited_s} 秒后放弃，未改动。请稍后重试，或关闭占用它的程序（如 QGIS 的编辑状态）。"
    en = "Another program is writing {path}; gave up after {waited_s} s, nothing was changed. Try again, or end the other program's editing (QGIS, say)."
    path: str
    waited_s: float


@dataclass(eq=False)
class WorkspaceDamagedError(WorkspaceError):
    """The file cannot be read whole."""

    zh = "{path} 已损坏（{found}），未改动。请用 geogrid restore 恢复最近的备份。"
    en = "{path} is damaged ({found}); left alone. Bring back the last backup with geogrid restore."
    path: str
    found: str


@dataclass(eq=False)
class WorkspaceProtectedError(WorkspaceError):
    """A file or folder of a county that this user may not write, or not read."""

    zh = "没有写入（或读取）{path} 所需的权限（{missing}），未改动。请让文件的所有者授予权限，或换用有权限的账户。"
    en = "This user lacks a permission that {path} needs ({missing}); nothing was changed. Have its owner grant it, or work as a user who has it."
    path: str
    missing: str


@dataclass(eq=False)
class StoreUnreachableError(WorkspaceError):
    """The disk or the system did not answer as it should; nothing says that the file is damaged."""

    zh = "现在无法读写 {path}（{found}），未改动。磁盘或网络可能暂时不可用，请检查后重试。"
    en = "{path} cannot be read or written now ({found}); nothing was changed. Check the disk and try again."
    path: str
    found: str


@dataclass(eq=False)
class ContentDamagedError(WorkspaceDamagedError):
    """Rows that are not what was written, though SQLite can read them."""

    zh = "{path} 的内容与写入时不符（{found}），数据可能已损坏。请用 geogrid check 查看，并用 geogrid restore 恢复最近的备份。"
    en = "The content of {path} is not what was written ({found}); it may be damaged. See geogrid check, and bring back the last backup with geogrid restore."


@dataclass(eq=False)
class ServerRunningError(WorkspaceError):
    """A second server for one county."""

    zh = (
        "{path} 已由另一个 geogrid serve 提供服务（进程 {process}）。请先停止它；同一县域文件只能有一个服务。"
    )
    en = "Another geogrid serve has {path} (process {process}). Stop it first: a county file has one server."
    path: str
    process: str


@dataclass(eq=False)
class PrivateFileMissingError(WorkspaceError):
    """A county that had accounts, without the file that holds them."""

    zh = "本县曾有账号，但找不到 {private}，因此不新建管理员。请从备份恢复它；若确实要从头开始，用 geogrid account {path} add 建立账号。"
    en = "This county had accounts but {private} is not there, so no administrator is made. Bring it back from a backup; to begin anew, add an account with geogrid account {path} add."
    path: str
    private: str


@dataclass(eq=False)
class ConflictError(WorkspaceError):
    """Somebody else changed the same feature in the meantime."""

    zh = "图层 {layer} 的 {key} 已被他人修改（现为第 {found} 版，您的修改基于第 {expected} 版），未保存。请重新载入后再改。"
    en = "{key} of layer {layer} was changed by somebody else (it is at version {found}, yours was {expected}); nothing was saved. Reload and edit again."
    layer: str
    key: str
    expected: int
    found: str


@dataclass(eq=False)
class RevisionConflictError(WorkspaceError):
    """The county was changed between a preview and the decision about it."""

    zh = "预览之后本县数据已有改动（预览时为修订 {expected}，现为修订 {found}），未写入。请重新预览后再确认。"
    en = "The county was changed since the preview (revision {expected} then, {found} now); nothing was written. Preview again before confirming."
    expected: int
    found: int


@dataclass(eq=False)
class RowsChangedError(WorkspaceError):
    """A revision that cannot be taken back, since what it touched was changed again."""

    zh = "修订 {revision} 之后，它改动过的内容又有改动，未撤销任何内容：{rows}。请先撤销之后的修订，或直接改正这些内容。"
    en = "What revision {revision} changed was changed again since, and nothing was taken back: {rows}. Take back the later revisions first, or mend these by hand."
    revision: int
    rows: Sequence[TouchedRow]

    def details(self) -> dict[str, Any]:
        """The rows."""
        return {"rows": [row.to_dict() for row in self.rows]}


@dataclass(eq=False)
class ScenarioConflictError(WorkspaceError):
    """A scenario that somebody else saved, changed or dropped in the meantime.

    Attributes
    ----------
    found
        The version that is kept; 0 for none.
    yours
        What was to be saved; None where the scenario was to be dropped or carried out.
    theirs
        The scenario as it is kept; None where it is gone.
    """

    zh = "方案“{name}”已被他人保存、修改或删除（现为第 {found} 版，0 表示没有），未写入任何内容。请另取名称保存，或采用对方的方案，或指明要覆盖的版本。"
    en = "Scenario “{name}” was saved, changed or deleted by somebody else (version {found} is kept, 0 means none), and nothing was written. Save under another name, take theirs, or name the version to overwrite."
    name: str
    found: int
    yours: dict[str, Any] | None
    theirs: dict[str, Any] | None

    def details(self) -> dict[str, Any]:
        """Both states."""
        return {"yours": self.yours, "theirs": self.theirs}


@dataclass(eq=False)
class DuplicateKeysError(WorkspaceError, ValueError):
    """Two current features of one layer with the same key."""

    zh = "图层 {layer} 的编号重复：{keys}。同一编号只能有一个现行要素；未保存。"
    en = "Keys of layer {layer} are not unique: {keys}. One current feature a key; nothing was saved."
    layer: str
    keys: Sequence[str]


@dataclass(eq=False)
class StoreFullError(WorkspaceError):
    """No room left on the disk."""

    zh = "磁盘空间不足，{path} 未改动。请腾出空间后重试。"
    en = "The disk is full; {path} was not changed. Free some space and try again."
    path: str


# --- who may do what ---------------------------------------------------------------------------


@dataclass(eq=False)
class AccessError(GeogridError):
    """Somebody is not who they say, or may not do what they ask; nothing was changed."""


@dataclass(eq=False)
class LoginRefusedError(AccessError):
    """A login that is wrong, without a word about which part of it."""

    zh = "登录名或口令不正确，或账号已停用。"
    en = "The login or the password is wrong, or the account is disabled."


@dataclass(eq=False)
class LoginNeededError(AccessError):
    """Something that only accounts are shown, asked for without a login."""

    zh = "请先登录。"
    en = "Log in first."


@dataclass(eq=False)
class StaleFormError(AccessError):
    """A request that changes something and does not come from a page of this session."""

    zh = "页面已过期，没有任何改动。请刷新页面后重试。"
    en = "The page is out of date and nothing was changed. Reload it and try again."


@dataclass(eq=False)
class LoginLockedError(AccessError):
    """Too many wrong attempts from one address; the same for logins that exist and that do not."""

    zh = "从这台电脑登录失败次数过多，请 {wait_s} 秒后再试。"
    en = "Too many wrong attempts from this computer. Try again in {wait_s} s."
    wait_s: int


@dataclass(eq=False)
class NotPermittedError(AccessError):
    """An action that the account's role or scope does not cover."""

    zh = "{account} 无权执行此操作（{action}）：{hint_zh}。"
    en = "{account} may not do this ({action}): {hint_en}."
    account: str
    action: str
    hint_zh: str
    hint_en: str


@dataclass(eq=False)
class OutOfScopeError(AccessError):
    """An edit that would touch what lies outside the areas of an account; nothing was changed."""

    zh = "以下内容不在您的账号负责的区域内，未作任何改动：{rows}。请由负责全县或相应区域的账号办理。"
    en = "These lie outside the areas of your account, and nothing was changed: {rows}. Ask an account of the whole county or of those areas."
    rows: Sequence[TouchedRow]

    def details(self) -> dict[str, Any]:
        """The rows."""
        return {"rows": [row.to_dict() for row in self.rows]}


@dataclass(eq=False)
class RevealLimitError(AccessError):
    """More private telephone numbers asked for within an hour than anybody needs."""

    zh = "{account} 一小时内的查看次数已达上限（{limit} 次）。请稍后再试。"
    en = "{account} has looked at {limit} private numbers within an hour, which is the limit. Try later."
    account: str
    limit: int


@dataclass(eq=False)
class ErasureUnfinishedError(WorkspaceError):
    """A person who is erased from every record, while old bytes may remain in a file's log."""

    zh = "人员已从全部记录中删除，但 {path} 正被其他程序打开，旧数据可能仍留在日志文件中。请关闭该程序后运行 geogrid person {path} clean。"
    en = "The person is erased from every record, but another program has {path} open and old bytes may remain in its log. Close it and run geogrid person {path} clean."
    path: str


@dataclass(eq=False)
class WeakPasswordError(InputError):
    """A password that is too easy to guess."""

    zh = "口令不合要求：{found}。至少 {minimum} 个字符，不少于 5 种，且不含登录名。"
    en = "The password will not do ({found}): at least {minimum} characters, 5 of them different, without the login."
    found: str
    minimum: int


@dataclass(eq=False)
class AccountExistsError(InputError):
    """An account by a login that is taken."""

    zh = "账号 {login} 已存在，未改动。"
    en = "There is an account {login} already; it was left alone."
    login: str


@dataclass(eq=False)
class LastAdminError(InputError):
    """A change after which nobody could administer the county."""

    zh = "{login} 是唯一可用的管理员账号，不能停用或降级。请先建立另一个管理员账号。"
    en = "{login} is the only administrator left and cannot be disabled or demoted. Add another first."
    login: str


class CountyNotice(UserWarning):
    """Something about a county's files that whoever uses them should know; the command line shows it."""


class NetworkDriveWarning(CountyNotice):
    """The county's file lies on a network drive, where SQLite's locks cannot be relied on."""


class SchemaRaisedNotice(CountyNotice):
    """A county file of an earlier schema was brought up; a copy of it was kept."""

    def __init__(self, path: object, found: int, now: int, kept: object) -> None:
        super().__init__(
            f"{path} 的数据结构已由版本 {found} 升级到 {now}；升级前的副本：{kept}\n"
            f"{path} was brought from schema {found} to {now}; a copy of it as it was: {kept}"
        )


class MomentWarning(CountyNotice):
    """The two files of a county are not of one moment, and were put together by other means."""

    def __init__(self, path: object, map_revision: int, private_revision: int) -> None:
        super().__init__(
            f"{path} 与其私有文件不是同一时刻的（地图修订 {map_revision}，私有文件修订 {private_revision}）：已对齐编号，"
            f"内容均未改动。请核对人员任职，或恢复同一份备份中的两个文件。\n"
            f"{path} and its private file are not of one moment (revision {map_revision} of the map, {private_revision} "
            "of the private file): their numbers were brought together, nothing in either was changed. Look the "
            "duties over, or restore both files from one backup."
        )


class PrivateFileNotice(CountyNotice):
    """The private file belongs to another user: the map is read without people."""

    def __init__(self, private: object) -> None:
        super().__init__(
            f"无权读取 {private}：以下结果不含人员与任职。\nNo permission to read {private}: what follows is without people and duties."
        )


# --- the map server ----------------------------------------------------------------------------


@dataclass(eq=False)
class ForeignHostError(InputError):
    """A request to a name that is not this server's."""

    zh = "本服务不响应主机名“{host}”。请用 {known} 访问。"
    en = "This server does not answer to the name “{host}”. Use {known}."
    host: str
    known: Sequence[str]


@dataclass(eq=False)
class NonLoopbackHostError(InputError):
    """A wish to serve beyond this computer, which needs accounts."""

    zh = "不能在 {host} 上提供服务：本县还没有账号。请先用 geogrid account COUNTY add 建立管理员账号。"
    en = "Not serving on {host}: the county has no account. Add an administrator first with geogrid account COUNTY add."
    host: str


@dataclass(eq=False)
class DemoPasswordError(InputError):
    """A wish to serve beyond this computer with passwords that everybody may know."""

    zh = "不能在 {host} 上提供服务：演示账号 {logins} 仍用公开的口令。请先改口令（geogrid account COUNTY passwd）或停用。"
    en = "Not serving on {host}: the demo accounts {logins} still have the password that everybody may know. Change it (geogrid account COUNTY passwd) or disable them."
    host: str
    logins: Sequence[str]


@dataclass(eq=False)
class CertificateError(InputError):
    """A certificate and a key by which no server can show itself."""

    zh = "证书 {cert} 与私钥 {key} 无法使用：{reason}。请给出 PEM 格式、无口令、相互匹配的两个文件。"
    en = "The certificate {cert} and the key {key} cannot be used: {reason}. Give two PEM files that belong together, the key without a password."
    cert: str
    key: str
    reason: str


@dataclass(eq=False)
class PortInUseError(InputError):
    """A port at which another program listens."""

    zh = "端口 {port} 已被占用。请用 --port 换一个端口，或先停止占用它的程序。"
    en = "Port {port} is taken. Choose another with --port, or stop the program that holds it."
    port: int


@dataclass(eq=False)
class BaseMapError(InputError):
    """A base map that is not there, or is none that can be shown."""

    zh = "底图 {path} 无法使用：{reason}。请用 geogrid setting 检查 map.basemap 等设置。"
    en = "The base map {path} cannot be used: {reason}. Check map.basemap and its kin with geogrid setting."
    path: str
    reason: str


@dataclass(eq=False)
class JobNotFoundError(NotFoundError):
    """A job that is none of the account's, or whose result is kept no longer."""

    zh = "没有编号为 {key} 的任务：结果只保留 30 分钟，且只有提交人可以查看。请重新提交。"
    en = "There is no job {key}: results are kept for 30 minutes, for those who asked for them alone. Ask again."
    key: str


@dataclass(eq=False)
class JobQueueFullError(WorkspaceError):
    """More work waits than will be done soon."""

    zh = "排队的任务过多（共 {waiting} 个，其中您的 {own} 个）。请等其中一个完成后再提交。"
    en = "Too many jobs wait ({waiting}, {own} of them yours). Let one of them end and ask again."
    waiting: int
    own: int


@dataclass(eq=False)
class JobCancelledError(AnalysisError):
    """A job that its owner gave up."""

    zh = "任务已取消，没有任何改动。"
    en = "The job was cancelled and nothing was changed."


@dataclass(eq=False)
class JobFailedError(AnalysisError):
    """A job that a fault of the program ended; the log tells more."""

    zh = "任务因程序内部错误中止，数据没有任何改动。请重试；仍不成功时请联系管理员查看服务器日志。"
    en = "A fault of the program ended the job; nothing was changed. Try again, or have the server's log looked at."


@dataclass(eq=False)
class ConsentMissingError(InputError):
    """A step that nobody has taken responsibility for."""

    zh = "未勾选确认，未执行：{sentence}"
    en = "Nothing was done, because the box was not ticked: {sentence}"
    sentence: str


@dataclass(eq=False)
class NoFileChosenError(InputError):
    """A form without the file that it asks for."""

    zh = "没有选择文件。请选择文件后再提交（可用：{supported}）。"
    en = "No file was chosen. Choose one and try again (supported: {supported})."
    supported: Sequence[str]


@dataclass(eq=False)
class OldAddressError(NotFoundError):
    """An address whose fingerprint stands for files of another version."""

    zh = "地址 {address} 属于其他版本。请刷新页面。"
    en = "{address} belongs to another version. Reload the page."
    address: str

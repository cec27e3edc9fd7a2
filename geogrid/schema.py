"""The layers and tables of a county, declared once: import, store, check, map and export follow from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from geogrid.errors import UnknownLayerError

SCHEMA_VERSION = 3
"""Raised when a county file written before can no longer be read as it is."""


class Geometry(StrEnum):
    """What a layer's features are on the ground; `NONE` for a table."""

    POLYGON = "polygon"
    LINE = "line"
    POINT = "point"
    NONE = "none"


class ColumnType(StrEnum):
    """The type of a column's values. A `DATE` is ISO 8601 text, a `LIST` is text parted by commas."""

    TEXT = "text"
    INTEGER = "integer"
    REAL = "real"
    BOOLEAN = "boolean"
    DATE = "date"
    LIST = "list"


@dataclass(frozen=True)
class Column:
    """One column of a layer or table.

    Attributes
    ----------
    zh, en
        Titles; on import a column of either title is taken without being mapped.
    unit
        Unit of the values, where they have one.
    choices
        The values allowed, each with the other spellings that imports accept.
    refers
        The layer or table whose key the values name.
    minimum
        Smallest value allowed for a number.
    """

    name: str
    type: ColumnType
    zh: str
    en: str
    required: bool = False
    unit: str = ""
    choices: Mapping[str, tuple[str, ...]] | None = None
    refers: str = ""
    minimum: float | None = None


@dataclass(frozen=True)
class Layer:
    """A layer (with geometry) or a table (without) of a county.

    Attributes
    ----------
    key
        The column that identifies a feature to people and to other layers.
    is_area
        A responsibility polygon: communities, districts, lanes, grids, beats.
    is_partition
        Its current features must tile the county's extent.
    is_personal
        Kept in the private file, never in the map file.
    has_history
        Its changes are journalled and can be undone. Accounts and the audit trail are neither:
        an undo must bring back no old password and take away no record.
    """

    name: str
    geometry: Geometry
    zh: str
    en: str
    columns: tuple[Column, ...]
    key: str = "id"
    is_area: bool = False
    is_partition: bool = False
    is_personal: bool = False
    has_history: bool = True

    def column(self, name: str) -> Column:
        """The column of that name; KeyError when there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names in the order in which they are stored and exported."""
        return tuple(column.name for column in self.columns)


TEXT, INTEGER, REAL = ColumnType.TEXT, ColumnType.INTEGER, ColumnType.REAL
BOOLEAN, DATE, LIST = ColumnType.BOOLEAN, ColumnType.DATE, ColumnType.LIST

PANDAS_DTYPES = {ColumnType.INTEGER: "Int64", ColumnType.REAL: "float64", ColumnType.BOOLEAN: "boolean"}
"""The dtypes in which columns travel; all others are `object`, text or None."""

SMALLEST_COUNT = 5
"""Counts of 1 to 4 people are told to nobody outside the county's own staff: they could tell who is meant."""

_VALIDITY = (
    Column("valid_from", DATE, "生效日期", "valid from"),
    Column("valid_to", DATE, "截止日期", "valid to"),  # the last day on which it holds
)
_ORIGIN = (
    Column("source", TEXT, "来源", "source"),
    Column("synthetic", BOOLEAN, "合成演示数据", "synthetic"),
)


def _feature_columns(*own: Column) -> tuple[Column, ...]:
    return (
        Column("id", TEXT, "编号", "id", required=True),
        Column("name", TEXT, "名称", "name"),
        *own,
        *_VALIDITY,
        *_ORIGIN,
    )


def _area_columns(*own: Column) -> tuple[Column, ...]:
    return (
        Column("code", TEXT, "代码", "code", required=True),
        Column("name", TEXT, "名称", "name", required=True),
        *own,
        *_VALIDITY,
        *_ORIGIN,
    )


COMMUNITY_KINDS = {"社区": ("居委会", "社区居委会", "community"), "村": ("村委会", "行政村", "village")}
COMPOUND_KINDS = {
    "封闭式": ("封闭", "封闭小区", "gated", "closed"),
    "开放式": ("开放", "开放小区", "open"),
    "unknown": ("未知", "不详", ""),
}
USES = {
    "residential": ("住宅", "居住", "民宅", "宿舍", "公寓", "apartments", "house"),
    "mixed": ("商住", "商住两用", "商住混合", "综合楼"),
    "commercial": ("商业", "商铺", "办公"),
    "public": ("公共", "公共服务", "机关", "学校", "医院"),
    "industrial": ("工业", "厂房", "仓储"),
    "other": ("其他",),
    "unknown": ("未知", "不详", ""),
}
PASSAGES = {
    "open": ("通行", "可通行", "yes"),
    "closed": ("不通", "不可通行", "no"),
    "doubtful": ("存疑", "不确定", "unknown"),
}
"""Whether people on foot pass a gate or a barrier that stands on a street."""
PEOPLE_SOURCES = {"counted": ("实数", "登记"), "estimated": ("估算", "推算")}

LAYERS: dict[str, Layer] = {
    layer.name: layer
    for layer in (
        Layer("county", Geometry.POLYGON, "范围", "county extent", _area_columns(), key="code"),
        Layer(
            "community",
            Geometry.POLYGON,
            "社区",
            "communities",
            _area_columns(
                Column("kind", TEXT, "类别", "kind", choices=COMMUNITY_KINDS),
            ),
            key="code",
            is_area=True,
            is_partition=True,
        ),
        Layer(
            "district",
            Geometry.POLYGON,
            "片区",
            "districts",
            _area_columns(),
            key="code",
            is_area=True,
            is_partition=True,
        ),
        Layer("lane", Geometry.POLYGON, "街巷", "lanes", _area_columns(), key="code", is_area=True),
        Layer(
            "grid",
            Geometry.POLYGON,
            "网格",
            "grids",
            _area_columns(
                Column("code_scheme", TEXT, "编码规则", "code scheme"),
                Column("community", TEXT, "所属社区", "community", refers="community"),
                Column("district", TEXT, "所属片区", "district", refers="district"),
            ),
            key="code",
            is_area=True,
        ),
        Layer(
            "beat",
            Geometry.POLYGON,
            "警格",
            "police beats",
            _area_columns(
                Column("community", TEXT, "所属社区", "community", refers="community"),
                Column("station", TEXT, "派出所", "police station"),
            ),
            key="code",
            is_area=True,
        ),
        Layer(
            "compound",
            Geometry.POLYGON,
            "小区",
            "compounds",
            _feature_columns(
                Column("kind", TEXT, "开放性", "kind", choices=COMPOUND_KINDS),
                Column("aliases", LIST, "别名", "aliases"),
            ),
        ),
        Layer(
            "building",
            Geometry.POLYGON,
            "楼栋",
            "buildings",
            _feature_columns(
                Column("use", TEXT, "用途", "use", choices=USES),
                Column("compound", TEXT, "小区编号", "compound", refers="compound"),
                Column("number", TEXT, "栋号", "number"),
                Column("address", TEXT, "地址", "address"),
                Column("floors", INTEGER, "层数", "floors", minimum=0),
                Column("households", INTEGER, "户数", "households", minimum=0),
                Column("residents", INTEGER, "人数", "residents", minimum=0),
                Column("residents_0_14", INTEGER, "0-14岁人数", "residents aged 0 to 14", minimum=0),
                Column("residents_60_plus", INTEGER, "60岁以上人数", "residents aged 60 and over", minimum=0),
                Column("residents_80_plus", INTEGER, "80岁以上人数", "residents aged 80 and over", minimum=0),
                Column("people_source", TEXT, "人数来源", "source of people", choices=PEOPLE_SOURCES),
            ),
        ),
        Layer(
            "centre_footprint",
            Geometry.POLYGON,
            "邻里服务中心占地",
            "centre footprints",
            _feature_columns(Column("centre", TEXT, "中心编号", "centre", refers="centre")),
        ),
        Layer(
            "water",
            Geometry.POLYGON,
            "水域",
            "water",
            _feature_columns(Column("kind", TEXT, "类别", "kind")),
        ),
        Layer(
            "square",
            Geometry.POLYGON,
            "广场",
            "squares",
            _feature_columns(
                Column("kind", TEXT, "类别", "kind"),
                Column("walkable", BOOLEAN, "可步行", "walkable"),
            ),
        ),
        Layer(
            "no_build",
            Geometry.POLYGON,
            "禁建区",
            "no-build ground",
            _feature_columns(Column("reason", TEXT, "原因", "reason")),
        ),
        Layer(
            "centre",
            Geometry.POINT,
            "邻里服务中心",
            "service centres",
            _feature_columns(
                # A row is a door; doors of one centre share this value, and a centre with a
                # single door may leave it empty.
                Column("centre", TEXT, "中心编号", "centre"),
                Column("services", LIST, "服务项目", "services"),
                Column("capacity", INTEGER, "容量", "capacity", unit="people", minimum=0),
                Column("hours", TEXT, "开放时间", "hours"),
                Column("address", TEXT, "地址", "address"),
            ),
        ),
        Layer(
            "gate",
            Geometry.POINT,
            "小区出入口",
            "gates",
            _feature_columns(
                Column("compound", TEXT, "小区编号", "compound", refers="compound"),
                Column("pedestrian", BOOLEAN, "可步行", "pedestrian"),
                Column("vehicle", BOOLEAN, "可行车", "vehicle"),
                Column("hours", TEXT, "开放时间", "hours"),
                Column("locked", BOOLEAN, "常闭", "locked"),
                # of a gate on a street that is no gated compound's; else `pedestrian` and `locked` say it
                Column("passage", TEXT, "路上通行", "passage along the street", choices=PASSAGES),
            ),
        ),
        Layer(
            "street_barrier",
            Geometry.POINT,
            "路障",
            "barriers on streets",
            _feature_columns(
                Column("kind", TEXT, "类别", "kind"),
                Column("passage", TEXT, "路上通行", "passage along the street", choices=PASSAGES),
            ),
        ),
        Layer(
            "entrance",
            Geometry.POINT,
            "楼栋入口",
            "building entrances",
            _feature_columns(Column("building", TEXT, "楼栋编号", "building", refers="building")),
        ),
        Layer(
            "place",
            Geometry.POINT,
            "场所",
            "places",
            _feature_columns(
                Column("kind", TEXT, "类别", "kind"),
                Column("address", TEXT, "地址", "address"),
            ),
        ),
        Layer(
            "candidate",
            Geometry.POINT,
            "备选点",
            "candidate sites",
            _feature_columns(Column("cost", REAL, "成本", "cost", minimum=0)),
        ),
        Layer(
            "street",
            Geometry.LINE,
            "道路",
            "streets",
            _feature_columns(
                Column("class", TEXT, "等级", "class"),
                Column("walkable", BOOLEAN, "可步行", "walkable"),
                # walked, but whether people do is not known; no doubt where a street is closed
                Column("doubtful", BOOLEAN, "步行存疑", "walkable in doubt"),
                Column("steps", BOOLEAN, "台阶", "steps"),
                Column("crossing", BOOLEAN, "过街", "crossing"),
                Column("bridge", BOOLEAN, "桥或地道", "bridge or underpass"),
                Column("surface", TEXT, "路面", "surface"),
                Column("crossing_s", REAL, "过街等待", "crossing wait", unit="s", minimum=0),
                # `vertex:number` where two nodes lie at one place, as on a bridge: equal numbers meet there
                Column("nodes", LIST, "节点编号", "node numbers"),
            ),
        ),
        Layer(
            "barrier",
            Geometry.LINE,
            "阻隔",
            "barriers",
            _feature_columns(Column("kind", TEXT, "类别", "kind")),
        ),
    )
}

ORGANISATION_KINDS = {
    "街道党工委": (),
    "社区大党委": (),
    "小区党支部": (),
    "邻里党小组": (),
    "党员中心户": (),
    "其他": (),
}
GROUP_KINDS = {"楼栋组": (), "户组": ()}

ERASED_PREFIX = "erased-"
"""What the id of a person who was erased begins with."""

ACCOUNT_ROLES = {"public": ("公众",), "staff": ("工作人员",), "planner": ("规划",), "admin": ("管理员",)}
"""What an account may do, each role more than the one before."""

TABLES: dict[str, Layer] = {
    table.name: table
    for table in (
        Layer(
            "organisation",
            Geometry.NONE,
            "组织",
            "organisations",
            (
                Column("id", TEXT, "编号", "id", required=True),
                Column("name", TEXT, "名称", "name", required=True),
                Column("kind", TEXT, "类别", "kind", choices=ORGANISATION_KINDS),
                Column("parent", TEXT, "上级组织", "parent", refers="organisation"),
                Column("layer", TEXT, "对象图层", "layer it serves"),
                Column("feature", TEXT, "对象编号", "feature it serves"),
                Column("n_members", INTEGER, "成员数", "number of members", minimum=0),
                *_VALIDITY,
                *_ORIGIN,
            ),
        ),
        Layer(
            "group",
            Geometry.NONE,
            "楼栋组与户组",
            "groups of buildings or households",
            (
                Column("id", TEXT, "编号", "id", required=True),
                Column("name", TEXT, "名称", "name"),
                Column("kind", TEXT, "类别", "kind", required=True, choices=GROUP_KINDS),
                Column("grid", TEXT, "所属网格", "grid", refers="grid"),
                Column("buildings", LIST, "楼栋编号", "buildings", refers="building"),
                Column("units", LIST, "单元", "units"),
                *_VALIDITY,
                *_ORIGIN,
            ),
        ),
        Layer(
            "alias",
            Geometry.NONE,
            "别名",
            "aliases",
            (
                Column("id", TEXT, "编号", "id", required=True),
                Column("layer", TEXT, "图层", "layer", required=True),
                Column("feature", TEXT, "对象编号", "feature", required=True),
                Column("alias", TEXT, "别名", "alias", required=True),
                Column("reading", TEXT, "读音", "reading"),
            ),
        ),
        Layer(
            "scenario",
            Geometry.NONE,
            "方案",
            "scenarios",
            (
                Column("id", TEXT, "编号", "id", required=True),
                Column("name", TEXT, "名称", "name", required=True),
                Column("edits", TEXT, "改动", "edits"),  # JSON
                Column("note", TEXT, "说明", "note"),
            ),
        ),
        Layer(
            "setting",
            Geometry.NONE,
            "设置",
            "settings",
            (
                Column("id", TEXT, "名称", "name", required=True),
                Column("value", TEXT, "值", "value"),
            ),
        ),
        Layer(
            "person",
            Geometry.NONE,
            "人员",
            "people on duty",
            (
                Column("id", TEXT, "编号", "id", required=True),
                Column("name", TEXT, "姓名", "name", required=True),
                Column("unit", TEXT, "单位", "unit"),
                Column("duty_phone", TEXT, "值班电话", "duty phone"),
                Column("duty_phone_public", BOOLEAN, "值班电话公示", "duty phone is public"),
                Column("private_phone", TEXT, "私人电话", "private phone"),
                *_ORIGIN,
            ),
            is_personal=True,
        ),
        Layer(
            "assignment",
            Geometry.NONE,
            "任职",
            "duties",
            (
                Column("id", TEXT, "编号", "id", required=True),
                Column("person", TEXT, "人员编号", "person", required=True, refers="person"),
                Column("role", TEXT, "职务", "role", required=True),
                Column("layer", TEXT, "对象图层", "layer", required=True),
                Column("feature", TEXT, "对象编号", "feature", required=True),
                *_VALIDITY,
                *_ORIGIN,
            ),
            is_personal=True,
        ),
        Layer(
            "account",
            Geometry.NONE,
            "账号",
            "accounts",
            (
                Column("id", TEXT, "登录名", "login", required=True),
                Column("password_hash", TEXT, "口令散列", "password hash"),
                Column("role", TEXT, "角色", "role", choices=ACCOUNT_ROLES),
                Column("scope", LIST, "范围", "scope"),  # LAYER:CODE of areas; empty is the whole county
                Column("disabled", BOOLEAN, "停用", "disabled"),
                Column("created_at", TEXT, "建立时间", "created at"),
                Column("last_login", TEXT, "最近登录", "last login"),
                Column("n_failed", INTEGER, "连续失败次数", "failed attempts", minimum=0),
                Column("last_failed", TEXT, "最近失败", "last failed attempt"),
                Column("locked_until", TEXT, "锁定至", "locked until"),
                # A session made under another epoch is void.
                Column("session_epoch", INTEGER, "会话纪元", "session epoch", minimum=0),
            ),
            is_personal=True,
            has_history=False,
        ),
        Layer(
            "audit",
            Geometry.NONE,
            "审计",
            "audit trail",
            (
                Column("id", TEXT, "编号", "id", required=True),
                Column("at", TEXT, "时间", "at", required=True),
                Column("account", TEXT, "账号", "account"),
                Column("action", TEXT, "操作", "action", required=True),
                Column("subject", TEXT, "对象", "subject"),
                Column("reason", TEXT, "理由", "reason"),
                Column("detail", TEXT, "细目", "detail"),  # JSON
                # The chain holds a salted digest of the reason, so that a name in it can be erased.
                Column("reason_salt", TEXT, "理由盐值", "reason salt"),
                Column("reason_digest", TEXT, "理由摘要", "reason digest"),
                Column("hash", TEXT, "链值", "hash"),
            ),
            is_personal=True,
            has_history=False,
        ),
    )
}


@dataclass(frozen=True)
class Role:
    """One kind of duty: the layer or table whose features it is held for, and its tier.

    Attributes
    ----------
    tier
        1 to 5 for the five tiers of 网格长, 0 for the others.
    is_police
        Belongs to "一区一警"; `n_per_beat` says how many each beat must have.
    """

    name: str
    layer: str
    en: str
    tier: int = 0
    is_police: bool = False
    n_per_beat: int = 0


ROLES: dict[str, Role] = {
    role.name: role
    for role in (
        Role("片区长", "district", "district leader", tier=1),
        Role("街巷长", "lane", "lane leader", tier=2),
        Role("邻里长", "grid", "neighbourhood leader", tier=3),
        Role("楼栋长", "group", "building leader", tier=4),
        Role("户组长", "group", "household group leader", tier=5),
        Role("社区书记", "community", "community secretary"),
        Role("网格信息员", "grid", "grid informant"),
        Role("社区民警", "beat", "community police officer", is_police=True, n_per_beat=1),
        Role("专职辅警", "beat", "auxiliary officer", is_police=True, n_per_beat=2),
        Role("巡防队员", "beat", "patrol member", is_police=True, n_per_beat=4),
        Role("物业保安", "compound", "compound guard"),
        Role("平安志愿者", "community", "safety volunteer"),
    )
}

ROLE_SPELLINGS = {
    "片区长": ("片长", "一级网格长"),
    "街巷长": ("街长", "巷长", "二级网格长"),
    "邻里长": ("邻长", "三级网格长"),
    "楼栋长": ("楼长", "栋长", "四级网格长"),
    "户组长": ("户长", "五级网格长"),
    "社区书记": ("书记", "社区党委书记"),
    "网格信息员": ("信息员",),
    "社区民警": ("民警", "片警", "驻区民警"),
    "专职辅警": ("辅警",),
    "巡防队员": ("巡防", "巡防员"),
    "物业保安": ("保安",),
    "平安志愿者": ("志愿者",),
}
"""Role -> other names under which rosters have it. 网格长 alone could be any of five tiers."""

KIND_LAYERS = {
    "社区": "community",
    "片区": "district",
    "街巷": "lane",
    "网格": "grid",
    "警格": "beat",
    "小区": "compound",
    "楼栋组": "group",
    "户组": "group",
}
"""What a roster calls a kind of area -> its layer."""

_KIND_SPELLINGS = {
    kind: (("村", "community") if kind == "社区" else () if layer == "group" else (layer,))
    for kind, layer in KIND_LAYERS.items()
}

ROSTER = Layer(
    "roster",
    Geometry.NONE,
    "名册",
    "roster",
    (
        Column("person", TEXT, "人员编号", "person id"),
        Column("name", TEXT, "姓名", "name", required=True),
        Column("unit", TEXT, "单位", "unit"),
        Column("duty_phone", TEXT, "值班电话", "duty phone"),
        Column("duty_phone_public", BOOLEAN, "值班电话公示", "duty phone is public"),
        Column("private_phone", TEXT, "私人电话", "private phone"),
        Column("role", TEXT, "职务", "role", required=True, choices={**ROLE_SPELLINGS, "网格长": ()}),
        Column("kind", TEXT, "区域类别", "kind of area", choices=_KIND_SPELLINGS),
        Column("area", TEXT, "区域名称或代码", "name or code of the area", required=True),
        *_VALIDITY,
    ),
    key="person",
    is_personal=True,
)
"""The sheet by which people and duties are brought in, one row a duty; it is stored in two tables."""

SETTINGS: dict[str, tuple[str, str]] = {
    "county.code": ("行政区划代码", "code of the county"),
    "county.name": ("名称", "name of the county"),
    "reading": ("正式口径", "official reading"),
    "map.review_number": ("审图号", "map review number"),
    "map.classification": ("密级", "classification"),
    "map.basemap": (
        "背景地图：MBTiles、PMTiles 文件或 z/x/y 图片文件夹的路径，或 tianditu-vec、tianditu-img",
        "base map: path of an MBTiles or PMTiles file or of a z/x/y folder of pictures, or tianditu-vec, tianditu-img",
    ),
    "map.basemap_datum": ("背景地图的坐标基准：wgs84 或 gcj02", "datum of the base map: wgs84 or gcj02"),
    "map.basemap_source": ("背景地图的来源与审图号", "source of the base map, with its review number"),
    "map.tianditu_token": ("天地图密钥（tk）", "token for Tianditu (tk)"),
    "web.public": (
        "不登录可看什么：off 不开放，areas 片区社区、中心与三种口径的汇总，map 另加楼栋颜色",
        "what is seen without a login: off nothing, areas the areas, centres and sums, map also the colour of buildings",
    ),
    "map.mark": ("图上标记，默认“内部使用”", "mark on every map, 内部使用 by default"),
}
"""The settings that a user may change, with their titles zh and en."""

VARIABLES: dict[str, tuple[str, str]] = {
    "GEOGRID_LANG": (
        "命令行语言：zh 或 en，默认 zh",
        "language of the command line: zh or en, zh by default",
    ),
    "GEOGRID_FONT": (
        "报告与图片所用字体文件的路径",
        "path of the font file in which reports and pictures are set",
    ),
    "GEOGRID_DEBUG": (
        "非空时内部错误显示调用栈",
        "when not empty, a fault of the program shows its traceback",
    ),
}
"""The environment variables that are read, with what they mean, zh and en."""


@dataclass(frozen=True)
class SettingRule:
    """How the value of a setting is checked.

    Attributes
    ----------
    kind
        `text` (what can be read and printed), `code` (of a county), `reading`, `basemap`, `token`.
    choices
        The only values there are; none for any of the kind.
    longest
        Characters at most.
    needed
        Whether it cannot be empty; empty stands for what holds without it.
    is_secret
        Whether it is told to nobody and written into no record.
    """

    kind: str = "text"
    choices: tuple[str, ...] = ()
    longest: int = 200
    needed: bool = False
    is_secret: bool = False


SETTING_RULES: dict[str, SettingRule] = {
    "county.code": SettingRule("code", longest=6, needed=True),
    "county.name": SettingRule(longest=80, needed=True),
    "reading": SettingRule("reading", longest=40, needed=True),
    "map.review_number": SettingRule(longest=80),
    "map.classification": SettingRule(longest=40),
    "map.basemap": SettingRule("basemap", longest=500),
    "map.basemap_datum": SettingRule(choices=("", "wgs84", "gcj02")),
    "map.basemap_source": SettingRule(),
    "map.tianditu_token": SettingRule("token", longest=64, is_secret=True),
    "web.public": SettingRule(choices=("off", "areas", "map")),
    "map.mark": SettingRule(longest=40),
}
"""How each setting is checked before it is set."""

AREA_LAYERS = tuple(layer.name for layer in LAYERS.values() if layer.is_area)
PARTITION_LAYERS = tuple(layer.name for layer in LAYERS.values() if layer.is_partition)


def find_layer(name: str) -> Layer:
    """The layer or table of that name.

    Raises
    ------
    UnknownLayerError
        When the schema has none.
    """
    found = LAYERS.get(name) or TABLES.get(name)
    if found is None:
        raise UnknownLayerError(layer=name, known=", ".join(LAYERS))
    return found

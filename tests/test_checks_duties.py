"""Duties that exclude each other, end soon, are held twice or too far apart; beats against communities."""

from __future__ import annotations

import datetime as dt

import pytest

from geogrid.checks import run_checks
from geogrid.checks.beats import find_beat_faults
from geogrid.checks.duties import EXPIRING_DAYS, FAR_M, find_duty_faults
from tests.support.frames import make_layer, make_table, rectangle

TODAY = dt.date(2026, 6, 1)
COLUMNS = ("person", "role", "layer", "feature", "valid_from", "valid_to")


def check(*rows, layers=None, people=(), **tables):
    """Findings of duties given as person, role, layer, feature and, if need be, their dates."""
    full = [(*row, None, None)[:6] for row in rows]
    columns = dict(zip(COLUMNS, map(list, zip(*full, strict=True)), strict=True))
    assignments = make_table("assignment", id=[f"a{i}" for i in range(len(rows))], **columns)
    given = {"assignment": assignments, **tables}
    if people:
        given["person"] = make_table("person", id=list(people))
    return find_duty_faults(layers or {}, given, TODAY)


def codes(findings):
    return [(finding.code, finding.features) for finding in findings]


def test_a_duty_that_nobody_takes_over_is_told_before_it_ends():
    last = (TODAY + dt.timedelta(days=EXPIRING_DAYS)).isoformat()
    (finding,) = check(("p1", "邻里长", "grid", "G1", None, last))
    assert (finding.code, finding.features, finding.size) == ("roster.expiring", ("G1",), EXPIRING_DAYS)
    assert last in finding.zh
    day_later = (TODAY + dt.timedelta(days=EXPIRING_DAYS + 1)).isoformat()
    assert check(("p1", "邻里长", "grid", "G1", None, day_later)) == []


@pytest.mark.parametrize(
    "next_duty", [("p2", "邻里长", "grid", "G1", "2026-06-11"), ("p1", "邻里长", "grid", "G1", "2026-06-11")]
)
def test_a_duty_that_is_taken_over_or_prolonged_is_not_told(next_duty):
    assert check(("p1", "邻里长", "grid", "G1", "2025-01-01", "2026-06-10"), next_duty) == []


def test_one_of_two_auxiliaries_who_leaves_is_told():
    rows = [("p1", "专职辅警", "beat", "B1"), ("p2", "专职辅警", "beat", "B1", "2025-01-01", "2026-06-10")]
    assert codes(check(*rows)) == [("roster.expiring", ("B1",))]


def test_temporary_cover_may_end_and_stand_beside_the_leader():
    rows = [
        ("p1", "邻里长", "grid", "G1", "2025-01-01"),
        ("p2", "邻里长", "grid", "G1", "2026-05-20", "2026-06-10"),
    ]
    assert check(*rows) == []


def test_two_leaders_of_one_tier_at_once_are_told():
    rows = [("p1", "邻里长", "grid", "G1", "2025-01-01"), ("p2", "邻里长", "grid", "G1", "2026-01-01")]
    (finding,) = check(*rows)
    assert (finding.code, finding.features, finding.size) == ("roster.two_leaders", ("G1",), 2)
    assert check(("p1", "邻里长", "grid", "G1"), ("p2", "网格信息员", "grid", "G1")) == []


@pytest.mark.parametrize(
    ("first", "second", "is_told"),
    [
        (("社区民警", "beat", "B1"), ("专职辅警", "beat", "B1"), True),
        (("巡防队员", "beat", "B1"), ("专职辅警", "beat", "B1"), True),
        (("户组长", "group", "H1"), ("巡防队员", "beat", "B1"), True),
        (("社区书记", "community", "C1"), ("片区长", "district", "D1"), False),
        (("邻里长", "grid", "G1"), ("街巷长", "lane", "L1"), False),
        (("巡防队员", "beat", "B1"), ("平安志愿者", "community", "C1"), False),
    ],
)
def test_roles_that_exclude_each_other_are_told_when_one_person_has_both(first, second, is_told):
    for rows in ((first, second), (second, first)):
        found = check(*(("p1", *row) for row in rows))
        assert codes(found) == ([("roster.excluded", ("a0", "a1"))] if is_told else [])
        assert check(("p1", *rows[0]), ("p2", *rows[1])) == []


@pytest.mark.parametrize(("gap_m", "is_told"), [(FAR_M, False), (FAR_M + 1, True), (0, False)])
def test_the_same_role_in_two_areas_is_told_when_they_lie_far_apart(gap_m, is_told):
    shapes = {"G1": rectangle(0, 0, 10, 10), "G2": rectangle(10 + gap_m, 0, 20 + gap_m, 10)}
    layers = {"grid": make_layer("grid", shapes)}
    rows = [("p1", "邻里长", "grid", "G1"), ("p1", "邻里长", "grid", "G2")]
    assert codes(check(*rows, layers=layers)) == ([("roster.far", ("a0", "a1"))] if is_told else [])
    groups = make_table("group", id=["H1", "H2"], kind=["户组"] * 2, grid=["G1", "G2"])
    rows = [("p1", "户组长", "group", "H1"), ("p1", "户组长", "group", "H2")]
    assert bool(check(*rows, layers=layers, group=groups)) == is_told


def test_people_without_a_duty_now_or_to_come_are_told_together():
    rows = [
        ("p1", "邻里长", "grid", "G1"),
        ("p2", "邻里长", "grid", "G2", "2027-01-01"),
        ("p3", "邻里长", "grid", "G3", "2024-01-01", "2025-01-01"),
    ]
    found = check(*rows, people=["p1", "p2", "p3", "p4", "erased-00"])
    assert codes(found) == [("roster.idle", ("p3", "p4"))]


def test_a_date_that_is_none_is_left_to_the_check_of_dates():
    assert check(("p1", "邻里长", "grid", "G1", None, "2026/06/10")) == []


def test_a_duty_for_what_does_not_exist_is_an_error():
    layers = {"grid": make_layer("grid", {"G1": rectangle(0, 0, 10, 10)}, name=["一格"])}
    tables = {
        "assignment": make_table(
            "assignment", id=["a1"], person=["p1"], role=["邻里长"], layer=["grid"], feature=["G9"]
        ),
        "person": make_table("person", id=["p1"], name=["示例甲"]),
    }
    found = {finding.code for finding in run_checks(layers, tables, TODAY)}
    assert {"reference.missing", "roster.vacant"} <= found


# --- beats --------------------------------------------------------------------------------------

COMMUNITIES = make_layer(
    "community",
    {"C1": rectangle(0, 0, 100, 100), "C2": rectangle(100, 0, 200, 100), "V1": rectangle(200, 0, 300, 100)},
    name=["东", "西", "村"],
    kind=["社区", "社区", "村"],
)


def beats(**shapes):
    return make_layer("beat", shapes, community=[f"C{code[1]}" for code in shapes])


def buildings(*places):
    return make_layer("building", {f"b{i}": rectangle(x, y, x + 2, y + 2) for i, (x, y) in enumerate(places)})


def test_beats_that_are_their_communities_have_no_fault():
    found = find_beat_faults(
        beats(B1=rectangle(0, 0, 100, 100), B2=rectangle(100, 0, 200, 100)), COMMUNITIES, buildings((99, 50))
    )
    assert found == []


def test_ground_of_another_community_is_told_with_its_area_and_buildings():
    shifted = beats(B1=rectangle(0, 0, 130, 100), B2=rectangle(130, 0, 200, 100))
    (finding,) = find_beat_faults(shifted, COMMUNITIES, buildings((110, 50), (150, 50), (115, 20)))
    assert (finding.code, finding.features) == ("beat.community", ("B1",))
    assert finding.size == pytest.approx(30 * 100)
    assert "3000 平方米（0.30 公顷）" in finding.zh
    assert "2 栋：b0、b2" in finding.zh
    assert finding.place.area == pytest.approx(3000)


@pytest.mark.parametrize(("width", "n_found"), [(0.99, 0), (1.0, 1)])
def test_a_sliver_without_a_building_is_no_fault(width, n_found):
    moved = beats(B1=rectangle(0, 0, 100 + width, 100), B2=rectangle(100 + width, 0, 200, 100))
    assert len(find_beat_faults(moved, COMMUNITIES, buildings((10, 10)))) == n_found  # 100 m2 at 1 m


def test_a_community_without_a_beat_is_told_and_a_village_is_not():
    found = find_beat_faults(beats(B1=rectangle(0, 0, 100, 100)), COMMUNITIES, buildings((10, 10)))
    assert codes(found) == [("beat.none", ("C2",))]

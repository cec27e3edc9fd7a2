"""1 + 2 + 4 on every beat and somebody in every tier, on a date."""

from __future__ import annotations

import datetime as dt

import pytest

from geogrid.checks.roster import find_role_faults, find_roster_faults, find_vacant_posts
from tests.support.frames import make_layer, make_table, rectangle

TODAY = dt.date(2026, 6, 1)
BEATS = make_layer("beat", {"B1": rectangle(0, 0, 10, 10)}, name=["一警格"])
COLUMNS = ("id", "person", "role", "layer", "feature", "valid_from", "valid_to")


def duties(*rows):
    """Rows of role, layer, feature, person and the last day."""
    full = [
        (f"a{i}", person, role, layer, feature, None, end)
        for i, (role, layer, feature, person, end) in enumerate(rows)
    ]
    return make_table("assignment", **dict(zip(COLUMNS, zip(*full, strict=True), strict=True)))


def police(officers=1, auxiliaries=2, patrols=4):
    counts = {"社区民警": officers, "专职辅警": auxiliaries, "巡防队员": patrols}
    return [(role, "beat", "B1", f"{role}{i}", None) for role, n in counts.items() for i in range(n)]


def test_one_officer_two_auxiliaries_and_four_patrol_members_are_right():
    assert find_roster_faults(BEATS, duties(*police()), TODAY) == []


@pytest.mark.parametrize(
    ("counts", "code", "size", "said"),
    [
        ({"officers": 0}, "roster.too_few", 1, "社区民警 0 名"),
        ({"auxiliaries": 1}, "roster.too_few", 1, "专职辅警 1 名"),
        ({"patrols": 6}, "roster.too_many", 2, "巡防队员 6 名"),
    ],
)
def test_too_few_and_too_many_are_told_with_their_number(counts, code, size, said):
    (finding,) = find_roster_faults(BEATS, duties(*police(**counts)), TODAY)
    assert (finding.code, finding.size, finding.features) == (code, size, ("B1",))
    assert said in finding.zh
    assert finding.place is not None


def test_a_duty_counts_through_its_last_day():
    rows = [*police(officers=0), ("社区民警", "beat", "B1", "甲", "2026-06-01")]
    assert find_roster_faults(BEATS, duties(*rows), TODAY) == []
    (finding,) = find_roster_faults(BEATS, duties(*rows), dt.date(2026, 6, 2))
    assert finding.code == "roster.too_few"


def test_a_person_on_record_twice_counts_once():
    rows = [*police(auxiliaries=1), ("专职辅警", "beat", "B1", "专职辅警0", None)]
    (finding,) = find_roster_faults(BEATS, duties(*rows), TODAY)
    assert finding.code == "roster.too_few"


def test_a_beat_that_has_ended_needs_nobody():
    assert (
        find_roster_faults(
            BEATS.assign(valid_to="2026-01-01"), duties(("邻里长", "grid", "G1", "甲", None)), TODAY
        )
        == []
    )


def test_vacant_posts_of_every_tier_are_told_and_expired_ones_with_their_last_day():
    layers = {
        "district": make_layer("district", {"D1": rectangle(0, 0, 9, 9)}, name=["片区"]),
        "grid": make_layer(
            "grid", {"G1": rectangle(0, 0, 5, 5), "G2": rectangle(5, 0, 9, 9)}, name=["一格", "二格"]
        ),
    }
    groups = make_table("group", id=["L1", "H1"], kind=["楼栋组", "户组"])
    rows = duties(
        ("片区长", "district", "D1", "甲", None),
        ("邻里长", "grid", "G1", "乙", "2026-03-31"),
        ("邻里长", "grid", "G1", "丙", "2026-05-31"),
        ("楼栋长", "group", "L1", "丁", None),
        ("楼栋长", "group", "H1", "戊", None),  # a 户组 is led by a 户组长
    )
    found = {
        f.features[0]: f for f in find_vacant_posts(layers, {"assignment": rows, "group": groups}, TODAY)
    }
    assert {key: f.code for key, f in found.items()} == {
        "G1": "roster.expired", "G2": "roster.vacant", "H1": "roster.vacant",
    }  # fmt: skip
    assert "2026-05-31" in found["G1"].zh
    assert "户组长" in found["H1"].zh


def test_a_role_that_is_unknown_or_held_for_the_wrong_layer_is_told():
    rows = duties(
        ("邻里长", "grid", "G1", "甲", None),
        ("里长", "grid", "G1", "乙", None),
        ("片区长", "grid", "G1", "丙", None),
    )
    found = find_role_faults(rows, TODAY)
    assert [f.features for f in found] == [("a1",), ("a2",)]
    assert "邻里长" in found[0].zh  # what is possible there

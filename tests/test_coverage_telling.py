"""Which sums of people may be told: no sum or difference of them is of few homes, tried by brute force."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest

from geogrid.coverage.telling import LEAST_HOMES, Told, choose_told, round_sum, tell_people

LETTERS = {"c": "covered", "n": "not_covered", "u": "unanswered"}


class Answer:
    """As much of a coverage as is needed: the homes under one reading."""

    def __init__(self, homes: pd.DataFrame) -> None:
        self.homes = homes


def make_answers(groups: list[tuple[str | None, str, int]], people: int = 3) -> list[Any]:
    """Coverages under as many readings as letters; a group is a community, its letters and so many homes."""
    rows = [(code, letters) for code, letters, n in groups for _ in range(n)]
    index = [f"b{number:04d}" for number in range(len(rows))]
    community = pd.Series([code for code, _ in rows], index=index, dtype=object)
    return [
        Answer(
            pd.DataFrame(
                {
                    "people": pd.array([people] * len(rows), dtype="Int64"),
                    "status": [LETTERS[letters[reading]] for _, letters in rows],
                    "community": community,
                },
                index=index,
            )
        )
        for reading in range(len(groups[0][1]))
    ]


def list_sums(answers: list[Any], told: Told) -> list[np.ndarray]:
    """The homes of each told sum, shape (h,)."""
    homes = answers[0].homes
    everybody = np.ones(len(homes), bool)
    areas = [(everybody, told.county, told.county_split)]
    for code in set(homes["community"]):
        own = homes["community"].isna() if code is None else homes["community"] == code
        splits = {reading for other, reading in told.split if other == code}
        areas.append((own.to_numpy(bool), code in told.communities, splits))
    found = []
    for own, is_told, splits in areas:
        found += [own] if is_told else []
        for reading in splits:
            status = answers[reading].homes["status"].to_numpy(object)
            found += [own & (status == one) for one in LETTERS.values()]
    return [one for one in found if one.any()]


def find_smallest(sums: list[np.ndarray], known: np.ndarray) -> int:
    """The fewest homes, not known, that any sum of told sums with weights of -1, 0 and 1 is of; brute force."""
    matrix = np.unique(np.array(sums, dtype=np.int64), axis=0)
    columns, size = np.unique(matrix[:, ~known], axis=1, return_counts=True)
    weights = np.array(list(product((-1, 0, 1), repeat=len(matrix))))
    left = ((weights @ columns) != 0) @ size
    return int(left[left > 0].min(initial=10**6))


@pytest.mark.parametrize("seed", range(12))
def test_no_sum_of_told_sums_is_of_few_homes(seed):
    rng = np.random.default_rng(seed)
    patterns = ["cc", "cn", "nc", "nn", "uu"]
    groups = [
        (code, pattern, int(rng.choice([0, 1, 3, 9, 10, 15, 40], p=[0.3, 0.1, 0.1, 0.1, 0.1, 0.15, 0.15])))
        for code in ("A", "B")
        for pattern in patterns
    ]
    answers = make_answers(groups)
    if not len(answers[0].homes):
        return
    areas = rng.choice(["x", "y"], len(answers[0].homes), p=[0.8, 0.2]).astype(object)
    told = choose_told(answers, [areas])
    sums = list_sums(answers, told)
    if sums:
        for known in (np.zeros(len(areas), bool), areas == "x", areas == "y"):
            assert find_smallest(sums, known) >= LEAST_HOMES


def test_a_part_of_ten_homes_is_told_and_one_of_nine_is_not():
    for n, is_told in ((LEAST_HOMES, True), (LEAST_HOMES - 1, False)):
        told = choose_told(make_answers([("A", "c", 50), ("A", "n", n), ("B", "c", 50)]))
        assert told.county
        assert told.communities == {"A", "B"}
        assert (("A", 0) in told.split) == is_told
        # The county's part is the same nine homes.
        assert (0 in told.county_split) == is_told


def test_one_community_left_out_takes_another_with_it():
    # The county's 23 less the 20 of A would be the 3 of B: A is told because it comes first, so that
    # what is left of B and C are 13, and C is not told either.
    groups = [("A", "c", 90), ("A", "n", 20), ("B", "c", 60), ("B", "n", 3), ("C", "c", 40), ("C", "n", 10)]
    told = choose_told(make_answers(groups))
    assert told.county_split == {0}
    assert ("A", 0) in told.split
    assert not told.split & {("B", 0), ("C", 0)}


def test_two_readings_that_differ_by_few_homes_are_not_both_told():
    groups = [("A", "cc", 50), ("A", "nn", 30), ("A", "cn", 3)]
    told = choose_told(make_answers(groups))
    assert ("A", 0) in told.split
    assert ("A", 1) not in told.split
    assert told.county_split == {0}


def test_somebody_who_knows_all_but_few_homes_of_a_community_is_not_told_its_sum():
    answers = make_answers([("A", "c", 50), ("B", "c", 50)])
    beat = np.array(["x"] * 47 + ["y"] * 53, dtype=object)  # all of A but three homes
    assert choose_told(answers).communities == {"A", "B"}
    # The county less B would be A.
    assert choose_told(answers, [beat]).communities == frozenset()
    assert choose_told(answers, [beat]).county


def test_a_county_of_few_homes_is_not_told():
    told = choose_told(make_answers([("A", "c", LEAST_HOMES - 1)]))
    assert (told.county, told.communities, told.split) == (False, frozenset(), frozenset())


def test_what_is_told_does_not_depend_on_the_people():
    groups = [("A", "cn", 30), ("A", "nn", 12), ("B", "cc", 5), (None, "cc", 20)]
    assert choose_told(make_answers(groups, people=1)) == choose_told(make_answers(groups, people=70))


def test_homes_of_unknown_people_count_for_nothing():
    answers = make_answers([("A", "c", LEAST_HOMES + 5)])
    for answer in answers:
        answer.homes.iloc[:6, 0] = pd.NA
    assert not choose_told(answers).county  # nine are known


def test_sums_are_rounded_half_up_and_few_are_not_told_apart():
    assert [round_sum(count) for count in (0, 1, 4, 5, 9, 14, 15, 1_234)] == [
        "<5",
        "<5",
        "<5",
        10,
        10,
        10,
        20,
        1_230,
    ]


def test_a_part_without_homes_is_none_and_what_is_not_told_is_missing():
    homes = make_answers([("A", "c", 12)], people=3)[0].homes
    assert tell_people(homes, total=True, split=True) == {
        "total": 40,
        "covered": 40,
        "not_covered": 0,
        "unanswered": 0,
    }
    assert set(tell_people(homes, total=False, split=False).values()) == {None}

"""Straight-line circles, beside the walks."""

from __future__ import annotations

import numpy as np
import pytest

from geogrid.coverage.assess import assess_layout
from geogrid.coverage.circle import claim_circles, mark_circled, measure_radius
from geogrid.coverage.reach import measure_walks_within
from geogrid.coverage.reading import STANDARD_READINGS, Reading
from geogrid.coverage.walks import lay_out
from tests.support.random_town import make_town


@pytest.fixture(scope="module")
def town():
    return make_town(7, n_homes=120)


@pytest.mark.parametrize("reading", STANDARD_READINGS, ids=str)
def test_what_circles_claim_falsely_is_what_no_walk_covers(town, reading):
    layout = lay_out(town)
    homes = assess_layout(town, layout, [reading])[0].homes
    claim = claim_circles(layout, homes, reading)
    covered = (homes["status"] == "covered").to_numpy()
    circled = mark_circled(layout, measure_radius(reading))
    assert claim.n_homes == circled.sum()
    assert claim.n_homes - claim.n_false == (covered & circled).sum()
    assert claim.people - claim.false_people == homes["people"][covered & circled].sum()


def test_no_way_is_shorter_than_the_straight_line(town):
    layout, reading = lay_out(town), Reading("metres", 500)
    homes = assess_layout(town, layout, [reading])[0].homes
    assert mark_circled(layout, 500.0)[(homes["status"] == "covered").to_numpy()].all()


def test_walks_within_a_cutoff_are_those_of_the_covered_homes(town):
    reading = Reading("minutes", 10)
    layout = lay_out(town)
    homes = assess_layout(town, layout, [reading])[0].homes
    reached = np.diff(measure_walks_within(layout, reading).indptr) > 0
    assert (reached == (homes["status"] == "covered").to_numpy()).all()

"""Every error says in two languages what is wrong, and travels between processes whole."""

from __future__ import annotations

import pickle
import re
from collections.abc import Iterator, Sequence
from dataclasses import fields
from typing import Any, get_args, get_origin, get_type_hints

import pytest

from geogrid import errors
from geogrid.errors import (
    Fault,
    FeatureNotFoundError,
    FileContentError,
    GeogridError,
    PlaceNotFoundError,
    TouchedRow,
)


def walk_classes(root: type[GeogridError]) -> Iterator[type[GeogridError]]:
    yield root
    for child in root.__subclasses__():
        if child.__module__ == errors.__name__:
            yield from walk_classes(child)


CLASSES = sorted(set(walk_classes(GeogridError)), key=lambda cls: cls.__name__)
SAMPLES = {
    str: "样本 sample",
    int: 7,
    float: 2.5,
    Fault: Fault(zh="缺", en="missing", row=3, column="code"),
    TouchedRow: TouchedRow("centre", "s1", "东门", "邻里服务中心", "centres"),
    dict[str, Any]: {"n": 1},  # told to programs alone
}


def field_names(cls: type[GeogridError]) -> list[str]:
    return [field.name for field in fields(cls)]


def make_sample(cls: type[GeogridError]) -> GeogridError:
    values = []
    hints = get_type_hints(cls)
    for name in field_names(cls):
        hint = hints[name]
        if get_origin(hint) is Sequence:
            values.append([SAMPLES[get_args(hint)[0]]] * 2)
        else:
            plain = [part for part in (get_args(hint) or (hint,)) if part is not type(None)]
            values.append(SAMPLES[plain[0]])
    return cls(*values)


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_both_messages_are_written_and_no_placeholder_is_left(cls):
    error = make_sample(cls)
    for language in ("zh", "en"):
        message = error.message(language)
        assert message
        assert not re.search(r"[{}]", message), message
    assert str(error) == f"{error.message('zh')}\n{error.message('en')}"
    assert re.search(r"[\u4e00-\u9fff]", error.message("zh"))


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_every_field_is_told_in_both_languages(cls):
    details = make_sample(cls).details()
    hints = [
        name
        for name in field_names(cls)
        if not name.endswith(("_zh", "_en"))
        and not isinstance(details.get(name), dict)
        and name != "suggestions"  # for programs; a hint tells people
    ]
    for name in hints:
        assert re.search(rf"{{{name}[:!}}]", cls.zh), f"{name} is not in the Chinese message"
        # A layer's Chinese title has no place in an English sentence.
        assert name == "title" or re.search(rf"{{{name}[:!}}]", cls.en), f"{name} is not in the English one"


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_an_error_pickles_and_comes_back_with_its_fields(cls):
    error = make_sample(cls)
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert type(again) is cls
    assert str(again) == str(error)
    rebuilt = error.__reduce__()
    assert str(rebuilt[0](*rebuilt[1])) == str(error)


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_every_error_has_a_docstring_of_its_own(cls):
    assert cls.__doc__
    assert not cls.__doc__.startswith(f"{cls.__name__}(")


def test_the_families_are_also_the_built_in_errors_that_callers_expect():
    assert issubclass(errors.InputError, ValueError)
    assert issubclass(errors.NotFoundError, LookupError)
    families = (errors.InputError, errors.NotFoundError, errors.AnalysisError, errors.WorkspaceError, errors.AccessError)  # fmt: skip
    for cls in CLASSES:
        assert cls is GeogridError or sum(issubclass(cls, family) for family in families) == 1


@pytest.mark.parametrize("n", [1, 5])
def test_up_to_five_keys_are_all_named(n):
    message = FeatureNotFoundError(layer="grid", keys=[f"G{i}" for i in range(n)]).message("en")
    assert all(f"G{i}" in message for i in range(n))
    assert "more" not in message


def test_a_list_is_cut_at_five_and_the_rest_is_counted():
    error = FeatureNotFoundError(layer="grid", keys=[f"G{i}" for i in range(8)])
    assert "G0, G1, G2, G3, G4, … and 3 more" in error.message("en")
    assert "另有 3 处" in error.message("zh")
    assert "G5" not in str(error)


def test_faults_of_a_file_are_told_with_row_and_column_and_cut_at_five():
    faults = [Fault(zh="不是数字", en="is no number", row=row, column="floors") for row in range(2, 9)]
    error = FileContentError(file="a.csv", faults=faults)
    assert "row 2, column “floors”: is no number" in error.message("en")
    assert "第 6 行，列“floors”：不是数字" in error.message("zh")
    assert "row 7" not in error.message("en")
    assert "and 2 more" in error.message("en")


def test_a_fault_of_the_whole_file_names_no_row():
    assert (
        FileContentError(file="a.csv", faults=[Fault(zh="空", en="is empty")])
        .message("en")
        .endswith("\n  is empty")
    )


def test_a_hostile_name_is_shown_as_it_is():
    assert "{query!r} {0}" in PlaceNotFoundError(query="{query!r} {0}").message("zh")

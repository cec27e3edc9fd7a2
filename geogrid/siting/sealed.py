"""A plan and its proof as a file that anybody can check against the county: sealed here, checked here."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from geogrid.coverage.reading import Reading
from geogrid.errors import FeatureNotFoundError, FixedSitesError, SitingDataError, TooManySitesError
from geogrid.siting.candidates import SPACING_M
from geogrid.siting.certificate import verify_written, write_certificate
from geogrid.siting.instance import Instance, Weight
from geogrid.siting.result import SitingResult
from geogrid.siting.study import Study

FORMAT = "geogrid siting certificate 1"


@dataclass(frozen=True)
class Question:
    """What a certificate is about; enough to pose the question again."""

    reading: Reading
    weight: Weight
    must: tuple[str, ...]
    forbidden: tuple[str, ...]
    spacing_m: float
    revision: int
    sites: tuple[str, ...]


@dataclass(frozen=True)
class Verdict:
    """What checking found.

    Attributes
    ----------
    holds
        Whether the sums bear the certificate out: its sites cover `value`, and no other choice more than `bound`.
    reason_zh, reason_en
        Why not; empty where it holds.
    """

    holds: bool
    value: int | None
    bound: int | None
    reason_zh: str = ""
    reason_en: str = ""

    @property
    def is_optimal(self) -> bool:
        """Whether the sums prove that nothing is better."""
        return self.holds and self.value is not None and self.bound is not None and self.bound <= self.value


def seal_study(
    study: Study,
    *,
    revision: int,
    must: tuple[str, ...],
    forbidden: tuple[str, ...],
    spacing_m: float,
    is_synthetic: bool,
) -> dict[str, Any]:
    """The certificate of a study's plan, as JSON holds it; sites are named by their ids, made-up data is marked.

    Raises
    ------
    SitingDataError
        For a plan under further conditions: what proves it cannot be checked by sums.
    """
    instance = study.instance
    if not isinstance(study.plan, SitingResult):
        raise SitingDataError(
            where="--certificate",
            found="--budget / --spacing / --per-community",
            expected="只用 --must、--forbid 的方案 / a plan with --must and --forbid alone",
        )
    written = write_certificate(study.plan)
    return {
        "format": FORMAT,
        **({"synthetic": True} if is_synthetic else {}),
        "revision": revision,
        "reading": str(instance.reading),
        "weight": study.weight.value,
        "must": list(must),
        "forbidden": list(forbidden),
        "spacing_m": spacing_m,
        "homes": _hash_ids(instance.layout.homes.building["id"].to_numpy(object)),
        "candidates": _hash_ids(instance.candidates.id),
        **written,
        "sites": [str(instance.candidates.id[site]) for site in study.plan.sites],
    }


def read_question(certificate: Any) -> Question:
    """What a certificate is about.

    Raises
    ------
    SitingDataError
        When it is no certificate.
    """
    if not isinstance(certificate, Mapping) or certificate.get("format") != FORMAT:
        raise SitingDataError(where="certificate", found=type(certificate).__name__, expected=FORMAT)
    try:
        return Question(
            reading=Reading.parse(str(certificate["reading"])),
            weight=Weight(certificate["weight"]),
            must=tuple(map(str, certificate["must"])),
            forbidden=tuple(map(str, certificate["forbidden"])),
            spacing_m=float(certificate.get("spacing_m", SPACING_M)),
            revision=int(certificate["revision"]),
            sites=tuple(map(str, certificate["sites"])),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise SitingDataError(
            where="certificate", found=str(error)[:80], expected="reading, weight, must, forbidden, sites"
        ) from error


def check_certificate(instance: Instance, certificate: Mapping[str, Any]) -> Verdict:
    """Check a certificate by sums over the county as it is now.

    Parameters
    ----------
    instance
        Built anew with the certificate's own reading and spacing.
    """
    try:
        question = read_question(certificate)
        _require_same_ids(instance, certificate, question.revision)
        problem = instance.pose(question.weight, must=question.must, forbidden=question.forbidden)
        sites = instance.number_candidates(question.sites)
        found = verify_written(problem, {**certificate, "sites": list(sites)})
    except (SitingDataError, FixedSitesError, TooManySitesError, FeatureNotFoundError) as error:
        return Verdict(
            holds=False, value=None, bound=None, reason_zh=error.message("zh"), reason_en=error.message("en")
        )
    return Verdict(holds=True, value=found.value, bound=found.bound)


def _require_same_ids(instance: Instance, certificate: Mapping[str, Any], revision: int) -> None:
    """Raise SitingDataError when homes or candidates are not those of the certificate."""
    keys = {
        "homes": instance.layout.homes.building["id"].to_numpy(object),
        "candidates": instance.candidates.id,
    }
    for name, ids in keys.items():
        if certificate.get(name) != _hash_ids(ids):
            raise SitingDataError(
                where=name,
                found=f"与现数据不同 / not those of the county (r{revision})",
                expected=f"{len(ids)} × {_hash_ids(ids)[:8]}",
            )


def _hash_ids(ids: npt.NDArray[np.object_]) -> str:
    """A fingerprint of keys in their order."""
    return hashlib.sha256("\n".join(map(str, ids)).encode()).hexdigest()[:32]

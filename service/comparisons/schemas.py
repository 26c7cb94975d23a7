"""Comparisons on the wire."""

from collections.abc import Sequence
from typing import Self

from pydantic import Field

from models.contingency import adjusted_rand_index
from models.figures import ComparedSegment, ComparisonInput
from service.comparisons.operations import FlowCounts, VersionPair
from service.web.schemas import ResponseModel


class Flow(ResponseModel):
    """Customers of one segment, and where the later version places them: those who stay, and those who move."""

    from_segment: str
    from_name: str
    to_segment: str
    to_name: str
    n_customers: int
    share: float = Field(description="Of all who are compared.")


class OwnSegment(ResponseModel):
    """A segment that only one of the versions has."""

    segment: str
    name: str


class Comparison(ResponseModel):
    """Who would move if one version of a model took the place of another."""

    model: str
    from_version: int = Field(alias="from")
    to_version: int = Field(alias="to")
    dataset: str
    dataset_version: int = Field(description="Whose customers both versions place.")
    dataset_version_available: bool = Field(
        description="Whether it is the one that `to` learned from; if that is gone, it is the newest."
    )
    n_customers: int = Field(description="How many both versions place: all are counted, none is drawn by chance.")
    n_unplaced: int = Field(description="How many one of them cannot place; they are left out.")
    n_moved: int = Field(description="How many are in a segment with another id.")
    share_moved: float | None = Field(description="Null where nobody is compared.")
    adjusted_rand_index: float | None = Field(
        description="1: the same customers are together, whatever the segments are called; 0: as by chance "
        "(Hubert & Arabie 1985). Null where nobody is compared."
    )
    flows: list[Flow] = Field(description="Every way that somebody goes, the most frequent first.")
    only_in_from: list[OwnSegment] = Field(description="Segments that end.")
    only_in_to: list[OwnSegment] = Field(description="Segments that begin.")

    @classmethod
    def of(cls, pair: VersionPair, compared: ComparisonInput, counted: FlowCounts) -> Self:
        """Show what two versions say of the same customers."""
        n = compared.n_customers
        return cls.model_validate(
            {
                "model": pair.model.name,
                "from": pair.before.version.number,
                "to": pair.after.version.number,
                "dataset": pair.after.version.dataset,
                "dataset_version": pair.source.version,
                "dataset_version_available": pair.source_available,
                "n_customers": n,
                "n_unplaced": counted.n_unplaced,
                "n_moved": compared.n_moved,
                "share_moved": compared.n_moved / n if n else None,
                "adjusted_rand_index": adjusted_rand_index(compared.counts) if n else None,
                "flows": _flows(compared),
                "only_in_from": _without(compared.before, compared.after),
                "only_in_to": _without(compared.after, compared.before),
            }
        )


def _flows(compared: ComparisonInput) -> list[Flow]:
    return [
        Flow(
            from_segment=flow.source.key,
            from_name=flow.source.name,
            to_segment=flow.target.key,
            to_name=flow.target.name,
            n_customers=flow.n_customers,
            share=flow.n_customers / compared.n_customers,
        )
        for flow in compared.flows
    ]


def _without(parties: Sequence[ComparedSegment], others: Sequence[ComparedSegment]) -> list[OwnSegment]:
    known = {other.key for other in others}
    return [OwnSegment(segment=each.key, name=each.name) for each in parties if each.key not in known]

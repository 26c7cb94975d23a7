"""Response bodies of comparisons."""

from collections.abc import Sequence
from typing import Self

from pydantic import Field

from models.contingency import adjusted_rand_index
from models.figures import ComparedSegment, ComparisonInput
from service.comparisons.operations import FlowCounts, VersionPair
from service.web.schemas import ResponseModel


class Flow(ResponseModel):
    """Customers of a segment of the earlier version that share a segment of the later version."""

    from_segment: str
    from_name: str
    to_segment: str
    to_name: str
    n_customers: int
    share: float = Field(description="The share of all compared customers.")


class OwnSegment(ResponseModel):
    """Segment that only one of the versions has."""

    segment: str
    name: str


class Comparison(ResponseModel):
    """Comparison of two versions of a model on the same customers."""

    model: str
    from_version: int = Field(alias="from")
    to_version: int = Field(alias="to")
    dataset: str
    dataset_version: int = Field(
        description="The dataset version whose customers both versions assign."
    )
    dataset_version_available: bool = Field(
        description="Whether it is the one that `to` was fitted on; if that was deleted, the "
        "newest is used."
    )
    n_customers: int = Field(
        description="Number of compared customers: all that both versions can assign, without "
        "sampling."
    )
    n_unplaced: int = Field(
        description="Number of customers that a version cannot assign; they are left out."
    )
    n_moved: int = Field(description="Number of customers whose segment has another id.")
    share_moved: float | None = Field(description="Null if no customer is compared.")
    adjusted_rand_index: float | None = Field(
        description="Agreement of the two partitions, regardless of segment ids: 1 if identical, 0 "
        "for chance (Hubert & Arabie 1985). Null if no customer is compared."
    )
    flows: list[Flow] = Field(
        description="All pairs of segments with at least one customer, largest first."
    )
    only_in_from: list[OwnSegment] = Field(description="Segments that only `from` has.")
    only_in_to: list[OwnSegment] = Field(description="Segments that only `to` has.")

    @classmethod
    def of(cls, pair: VersionPair, compared: ComparisonInput, flow: FlowCounts) -> Self:
        """Build the response from the compared counts."""
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
                "n_unplaced": flow.n_unplaced,
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


def _without(
    segments: Sequence[ComparedSegment], others: Sequence[ComparedSegment]
) -> list[OwnSegment]:
    known = {other.key for other in others}
    return [
        OwnSegment(segment=each.key, name=each.name) for each in segments if each.key not in known
    ]

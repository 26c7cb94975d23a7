"""Pictures of datasets, recommendations, versions and comparisons, each in four formats."""

from collections.abc import Iterable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Response
from fastapi.responses import HTMLResponse

from models.charts.theme import Theme
from models.figures import OF_COMPARISONS, OF_DATASETS, OF_RECOMMENDATIONS, OF_VERSIONS, Extension, Figure
from service.comparisons.routes import COMPARISON, PairDep
from service.datasets import operations as datasets
from service.figures import operations
from service.figures.operations import FigureSource
from service.figures.schemas import FigureFormat, FigureList, FigureTheme
from service.recommendations import repository as recommendations
from service.recommendations.routes import RecommendationId
from service.registry import operations as registry
from service.web.csp import NOTHING_FROM_ELSEWHERE, interactive_figure_csp
from service.web.dependencies import DatasetName, ModelName, ReadDep, ServicesDep, TenantDep, VersionRef
from service.web.etags import ANY, NOT_MODIFIED, IfNoneMatch, cache_headers, matches_etag

SVG, PNG, HTML, JSON = "image/svg+xml", "image/png", "text/html; charset=utf-8", "application/json"
MEDIA_TYPES: dict[Extension, str] = {"svg": SVG, "png": PNG, "html": HTML, "json": JSON}
PICTURE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The figure",
        "content": {
            "image/svg+xml": {"schema": {"type": "string"}},
            "image/png": {"schema": {"type": "string", "format": "binary"}},
            "text/html": {"schema": {"type": "string"}},
            "application/json": {"schema": {"type": "object"}},
        },
    },
    **NOT_MODIFIED,
}
DATASET = "/v1/datasets/{dataset}/figures"
RECOMMENDATION = "/v1/datasets/{dataset}/recommendations/{recommendation}/figures"
VERSION = "/v1/models/{model}/versions/{version}/figures"
ONE = "/{figure}.{extension}"


def _name(figures: Iterable[Figure[Any]]) -> Any:  # noqa: ANN401 - what `Path` gives
    names = [figure.name for figure in figures]
    return Path(pattern=r"^[a-z0-9-]{1,40}$", description="The figure's name, as listed.", examples=names)


DatasetFigure = Annotated[str, _name(OF_DATASETS)]
RecommendationFigure = Annotated[str, _name(OF_RECOMMENDATIONS)]
VersionFigure = Annotated[str, _name(OF_VERSIONS)]
ComparisonFigure = Annotated[str, _name(OF_COMPARISONS)]
Ending = Annotated[FigureFormat, Path(description="The format; `json` is the data behind the picture.")]
ThemeQuery = Annotated[FigureTheme, Query(description="Dark upon light, or light upon dark.")]

router = APIRouter(tags=["figures"])


def _requested(
    extension: Ending, theme: ThemeQuery = "light", if_none_match: IfNoneMatch = None
) -> tuple[Extension, Theme, str | None]:
    return extension, theme, if_none_match


AskedDep = Annotated[tuple[Extension, Theme, str | None], Depends(_requested)]


@router.get(DATASET)
def list_dataset_figures(parts: ServicesDep, session: ReadDep, tenant: TenantDep, dataset: DatasetName) -> FigureList:
    """List the figures of a dataset as it is now."""
    return FigureList.of(operations.of_dataset(parts.stores, datasets.find_at(session, tenant, dataset, None)))


@router.get(DATASET + ONE, response_class=Response, responses=PICTURE)
def draw_dataset(
    parts: ServicesDep,
    session: ReadDep,
    tenant: TenantDep,
    dataset: DatasetName,
    figure: DatasetFigure,
    asked: AskedDep,
) -> Response:
    """Draw a dataset as it is now."""
    return _answer(
        parts, operations.of_dataset(parts.stores, datasets.find_at(session, tenant, dataset, None)), figure, asked
    )


@router.get(RECOMMENDATION)
def list_recommendation_figures(
    session: ReadDep, tenant: TenantDep, dataset: DatasetName, recommendation: RecommendationId
) -> FigureList:
    """List the figures of a recommendation."""
    row, _ = datasets.find_at(session, tenant, dataset, None)
    return FigureList.of(operations.of_recommendation(recommendations.get_recommendation(session, row, recommendation)))


@router.get(RECOMMENDATION + ONE, response_class=Response, responses=PICTURE)
def draw_recommendation(
    parts: ServicesDep,
    session: ReadDep,
    tenant: TenantDep,
    dataset: DatasetName,
    recommendation: RecommendationId,
    figure: RecommendationFigure,
    asked: AskedDep,
) -> Response:
    """Draw what a recommendation is drawn from."""
    row, _ = datasets.find_at(session, tenant, dataset, None)
    found = recommendations.get_recommendation(session, row, recommendation)
    return _answer(parts, operations.of_recommendation(found), figure, asked)


@router.get(VERSION)
def list_version_figures(
    parts: ServicesDep, session: ReadDep, tenant: TenantDep, model: ModelName, version: VersionRef
) -> FigureList:
    """List the figures of a version."""
    ready = registry.get_ready_version(session, tenant, model, version)
    return FigureList.of(operations.of_version(session, parts.stores, ready))


@router.get(VERSION + ONE, response_class=Response, responses=PICTURE)
def draw_version(
    parts: ServicesDep,
    session: ReadDep,
    tenant: TenantDep,
    model: ModelName,
    version: VersionRef,
    figure: VersionFigure,
    asked: AskedDep,
) -> Response:
    """Draw a version: its segments and, as long as they are there, the customers in them."""
    ready = registry.get_ready_version(session, tenant, model, version)
    return _answer(parts, operations.of_version(session, parts.stores, ready), figure, asked)


@router.get(COMPARISON + "/figures")
def list_comparison_figures(parts: ServicesDep, pair: PairDep) -> FigureList:
    """List the figures of two versions on the same customers."""
    return FigureList.of(operations.of_comparison(parts.stores, pair))


@router.get(COMPARISON + "/figures" + ONE, response_class=Response, responses=PICTURE)
def draw_comparison(parts: ServicesDep, pair: PairDep, figure: ComparisonFigure, asked: AskedDep) -> Response:
    """Draw who would move from one version to another."""
    return _answer(parts, operations.of_comparison(parts.stores, pair), figure, asked)


@router.get("/v1/models/{model}/versions/{version}/report.html", response_class=HTMLResponse)
def write_report(
    parts: ServicesDep,
    session: ReadDep,
    tenant: TenantDep,
    model: ModelName,
    version: VersionRef,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """Write a version down for people, as one file to mail and to print."""
    ready = registry.get_ready_version(session, tenant, model, version)
    drawable = operations.of_version(session, parts.stores, ready)
    tag = drawable.tag("report", *operations.descriptions(session, ready[1]))
    headers = _headers(tag, "svg")
    if matches_etag(tag, if_none_match) or if_none_match == ANY:
        return Response(status_code=304, headers=headers)
    return HTMLResponse(operations.report(session, parts.stores, ready, drawable), headers=headers)


def _answer(
    parts: ServicesDep, drawable: FigureSource[Any], figure: str, asked: tuple[Extension, Theme, str | None]
) -> Response:
    extension, theme, known = asked
    tag = drawable.tag(figure, extension, theme)
    headers = _headers(tag, extension)
    if matches_etag(tag, known) or (known == ANY and drawable.find(figure)):
        return Response(status_code=304, headers=headers)
    data = operations.draw(parts.stores, drawable, figure, extension, theme)
    return Response(data, headers=headers, media_type=MEDIA_TYPES[extension])


def _headers(tag: str, extension: Extension) -> dict[str, str]:
    return {
        **cache_headers(tag),
        "Content-Security-Policy": _policy(extension),
        "X-Content-Type-Options": "nosniff",
    }


def _policy(extension: Extension) -> str:
    return interactive_figure_csp() if extension == "html" else f"sandbox; {NOTHING_FROM_ELSEWHERE}"

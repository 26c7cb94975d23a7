"""Routes of figures, in four formats, and of the HTML report."""

from collections.abc import Iterable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Response
from fastapi.responses import HTMLResponse

from models.charts.theme import Theme
from models.figures import (
    OF_COMPARISONS,
    OF_DATASETS,
    OF_RECOMMENDATIONS,
    OF_VERSIONS,
    Extension,
    Figure,
)
from service.comparisons.routes import PairDep
from service.datasets import stored_versions
from service.figures import operations
from service.figures.operations import FigureSource
from service.figures.schemas import FigureFormat, FigureList, FigureTheme
from service.recommendations import repository as recommendations
from service.recommendations.routes import RecommendationId
from service.registry import operations as registry
from service.web.csp import NOTHING_FROM_ELSEWHERE, interactive_figure_csp
from service.web.dependencies import (
    DatasetName,
    ModelName,
    ReadDep,
    ServicesDep,
    TenantDep,
    VersionRef,
)
from service.web.etags import ANY, NOT_MODIFIED, IfNoneMatch, cache_headers, matches_etag

SVG, PNG, HTML, JSON = "image/svg+xml", "image/png", "text/html; charset=utf-8", "application/json"
MEDIA_TYPES: dict[Extension, str] = {"svg": SVG, "png": PNG, "html": HTML, "json": JSON}
FIGURE_RESPONSE: dict[int | str, dict[str, Any]] = {
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


def _figure_path(figures: Iterable[Figure[Any]]) -> Any:  # noqa: ANN401 - the return type of `Path`
    names = [figure.name for figure in figures]
    return Path(
        pattern=r"^[a-z0-9-]{1,40}$",
        description="The name of the figure, as listed.",
        examples=names,
    )


DatasetFigure = Annotated[str, _figure_path(OF_DATASETS)]
RecommendationFigure = Annotated[str, _figure_path(OF_RECOMMENDATIONS)]
VersionFigure = Annotated[str, _figure_path(OF_VERSIONS)]
ComparisonFigure = Annotated[str, _figure_path(OF_COMPARISONS)]
ExtensionPath = Annotated[
    FigureFormat, Path(description="The format. `json` contains the data of the figure.")
]
ThemeQuery = Annotated[FigureTheme, Query(description="The color theme of the figure.")]

router = APIRouter(tags=["figures"])


def _figure_options(
    extension: ExtensionPath, theme: ThemeQuery = "light", if_none_match: IfNoneMatch = None
) -> tuple[Extension, Theme, str | None]:
    return extension, theme, if_none_match


FigureOptionsDep = Annotated[tuple[Extension, Theme, str | None], Depends(_figure_options)]


@router.get("/v1/datasets/{dataset}/figures")
def list_dataset_figures(
    services: ServicesDep, session: ReadDep, tenant: TenantDep, dataset: DatasetName
) -> FigureList:
    """List the figures of a dataset at its newest version.

    Figures that are not available are listed with the reason.
    """
    return FigureList.of(
        operations.of_dataset(
            services.stores, stored_versions.find_at(session, tenant, dataset, None)
        )
    )


@router.get(
    "/v1/datasets/{dataset}/figures/{figure}.{extension}",  # noqa: FAST003 - read by `_figure_options`
    response_class=Response,
    responses=FIGURE_RESPONSE,
)
def draw_dataset(
    services: ServicesDep,
    session: ReadDep,
    tenant: TenantDep,
    dataset: DatasetName,
    figure: DatasetFigure,
    options: FigureOptionsDep,
) -> Response:
    """Draw a figure of a dataset at its newest version."""
    return _figure_response(
        services,
        operations.of_dataset(
            services.stores, stored_versions.find_at(session, tenant, dataset, None)
        ),
        figure,
        options,
    )


@router.get("/v1/datasets/{dataset}/recommendations/{recommendation}/figures")
def list_recommendation_figures(
    session: ReadDep, tenant: TenantDep, dataset: DatasetName, recommendation: RecommendationId
) -> FigureList:
    """List the figures of a recommendation.

    Figures that are not available are listed with the reason.
    """
    row, _ = stored_versions.find_at(session, tenant, dataset, None)
    return FigureList.of(
        operations.of_recommendation(
            recommendations.get_recommendation(session, row, recommendation)
        )
    )


@router.get(
    "/v1/datasets/{dataset}/recommendations/{recommendation}/figures/{figure}.{extension}",  # noqa: FAST003 - read by `_figure_options`
    response_class=Response,
    responses=FIGURE_RESPONSE,
)
def draw_recommendation(
    services: ServicesDep,
    session: ReadDep,
    tenant: TenantDep,
    dataset: DatasetName,
    recommendation: RecommendationId,
    figure: RecommendationFigure,
    options: FigureOptionsDep,
) -> Response:
    """Draw a figure of a recommendation."""
    row, _ = stored_versions.find_at(session, tenant, dataset, None)
    found = recommendations.get_recommendation(session, row, recommendation)
    return _figure_response(services, operations.of_recommendation(found), figure, options)


@router.get("/v1/models/{model}/versions/{version}/figures")
def list_version_figures(
    services: ServicesDep,
    session: ReadDep,
    tenant: TenantDep,
    model: ModelName,
    version: VersionRef,
) -> FigureList:
    """List the figures of a version.

    Figures that are not available are listed with the reason.
    """
    ready = registry.get_ready_version(session, tenant, model, version)
    return FigureList.of(operations.of_version(session, services.stores, ready))


@router.get(
    "/v1/models/{model}/versions/{version}/figures/{figure}.{extension}",  # noqa: FAST003 - read by `_figure_options`
    response_class=Response,
    responses=FIGURE_RESPONSE,
)
def draw_version(
    services: ServicesDep,
    session: ReadDep,
    tenant: TenantDep,
    model: ModelName,
    version: VersionRef,
    figure: VersionFigure,
    options: FigureOptionsDep,
) -> Response:
    """Draw a figure of a version.

    Figures that show customers are available as long as the dataset is.
    """
    ready = registry.get_ready_version(session, tenant, model, version)
    return _figure_response(
        services, operations.of_version(session, services.stores, ready), figure, options
    )


@router.get("/v1/models/{model}/comparison/figures")  # noqa: FAST003 - read by `PairDep`
def list_comparison_figures(services: ServicesDep, pair: PairDep) -> FigureList:
    """List the figures of a comparison of two versions.

    Figures that are not available are listed with the reason.
    """
    return FigureList.of(operations.of_comparison(services.stores, pair))


@router.get(
    "/v1/models/{model}/comparison/figures/{figure}.{extension}",  # noqa: FAST003 - read by `PairDep`, `_figure_options`
    response_class=Response,
    responses=FIGURE_RESPONSE,
)
def draw_comparison(
    services: ServicesDep, pair: PairDep, figure: ComparisonFigure, options: FigureOptionsDep
) -> Response:
    """Draw a figure of a comparison of two versions."""
    return _figure_response(
        services, operations.of_comparison(services.stores, pair), figure, options
    )


@router.get("/v1/models/{model}/versions/{version}/report.html", response_class=HTMLResponse)
def write_report(
    services: ServicesDep,
    session: ReadDep,
    tenant: TenantDep,
    model: ModelName,
    version: VersionRef,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """Retrieve the report of a version.

    Returns a self-contained HTML file to mail or print: the segments with their profiles,
    suggestions and figures.
    """
    ready = registry.get_ready_version(session, tenant, model, version)
    source = operations.of_version(session, services.stores, ready)
    tag = source.tag("report", *operations.descriptions(session, ready[1]))
    headers = _headers(tag, "svg")
    if matches_etag(tag, if_none_match) or if_none_match == ANY:
        return Response(status_code=304, headers=headers)
    return HTMLResponse(operations.report(session, services.stores, ready, source), headers=headers)


def _figure_response(
    services: ServicesDep,
    source: FigureSource[Any],
    figure: str,
    options: tuple[Extension, Theme, str | None],
) -> Response:
    extension, theme, known_tag = options
    tag = source.tag(figure, extension, theme)
    headers = _headers(tag, extension)
    if matches_etag(tag, known_tag) or (known_tag == ANY and source.find(figure)):
        return Response(status_code=304, headers=headers)
    data = operations.draw(services.stores, source, figure, extension, theme)
    return Response(data, headers=headers, media_type=MEDIA_TYPES[extension])


def _headers(tag: str, extension: Extension) -> dict[str, str]:
    is_html = extension == "html"
    policy = interactive_figure_csp() if is_html else f"sandbox; {NOTHING_FROM_ELSEWHERE}"
    return {
        **cache_headers(tag),
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
    }

"""From the embedded database to PostgreSQL."""

import pytest
from typer.testing import CliRunner

from service.cli import commands
from service.config import Settings
from tests.support.steps import fit, place, put_csv, refit, running

CUSTOMER = {"Annual Income (k$)": 60, "Spending Score (1-100)": 50}


@pytest.fixture(scope="module")
def moved(postgresql, tmp_path_factory, sample_csv):
    """The settings of a service after its move, and how it placed a customer before."""
    home = tmp_path_factory.mktemp("moved") / "home"
    with running(Settings(home=home)) as client:
        put_csv(client, "sample", sample_csv)
        fit(client, "shop")
        placed = place(client, "shop", CUSTOMER)
    settings = Settings(home=home, database_url=postgresql.new())
    return settings, placed, adopt(settings)


def adopt(settings):
    return CliRunner(env=settings.environment()).invoke(
        commands, ["adopt", str(settings.home / "metadata.sqlite")]
    )


def test_a_copied_model_assigns_customers_as_before(moved):
    settings, placed, adopted = moved
    assert adopted.exit_code == 0, adopted.output
    with running(settings) as client:
        assert place(client, "shop", CUSTOMER) == placed


def test_a_service_continues_with_the_copied_database(moved):
    with running(moved[0]) as client:
        put_csv(client, "another", "a,b\n1,x\n2,y\n")
        assert refit(client, "shop")["state"] == "ready"
        moves = [
            client.put("/v1/models/shop/aliases/production", json={"version": n}).status_code
            for n in (2, 1)
        ]
    assert moves == [200, 200]


def test_a_database_with_rows_is_not_overwritten(moved):
    again = adopt(moved[0])
    assert (again.exit_code, "already has rows" in again.output) == (1, True)

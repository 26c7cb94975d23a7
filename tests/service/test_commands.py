"""The command line."""

import socket

import pytest
from typer.testing import CliRunner

from service.commands import commands


@pytest.fixture
def run(tmp_path):
    """Run a command with a home of its own."""
    runner = CliRunner(env={"SEGMENTATION_HOME": str(tmp_path / "home"), "COLUMNS": "200", "NO_COLOR": "1"})
    return lambda *arguments: runner.invoke(commands, arguments)


@pytest.fixture
def nobody():
    """An address at which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


def test_help_names_every_command(run):
    said = run("--help").output
    assert all(name in said for name in ("serve", "engine", "migrate", "sample"))


def test_without_a_command_help_is_given(run):
    assert "serve" in run().output


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.1", "shop.example"])  # noqa: S104 - this is what is refused
def test_without_keys_nobody_else_is_served(run, host):
    refused = run("serve", "--host", host)
    assert (refused.exit_code, "proxy that authenticates" in " ".join(refused.output.split())) == (2, True)


def test_a_refused_start_leaves_nothing(run, tmp_path):
    run("serve", "--host", "0.0.0.0")  # noqa: S104 - this is what is refused
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("port", ["-1", "65536", "http"])
def test_what_is_no_port_is_refused(run, port):
    assert run("serve", "--port", port).exit_code == 2


def test_the_schema_is_made_once(run):
    said = [run("migrate").output.strip() for _ in range(2)]
    assert said == ["The schema was made.", "The schema is up to date."]


def test_a_sample_for_nobody_fails_with_a_sentence(run, nobody):
    failed = run("sample", "--url", nobody)
    assert (failed.exit_code, f"could not be loaded into {nobody}" in failed.output) == (1, True)

"""The command line."""

import socket
import sys

import pytest
from typer.testing import CliRunner

from service.auth.api_keys import has_key_format
from service.cli import commands
from service.config import Settings


@pytest.fixture
def run(tmp_path):
    """Run a command with a home of its own."""
    runner = CliRunner(
        env={"SEGMENTATION_HOME": str(tmp_path / "home"), "COLUMNS": "200", "NO_COLOR": "1"}
    )
    return lambda *arguments, **settings: runner.invoke(
        commands,
        arguments,
        env={f"SEGMENTATION_{name.upper()}": value for name, value in settings.items()},
    )


@pytest.fixture
def nobody():
    """An address at which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


def test_help_names_every_command(run):
    said = run("--help").output
    assert all(name in said for name in ("serve", "engine", "migrate", "keys", "sample"))


def test_without_a_command_help_is_printed(run):
    assert "serve" in run().output


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])  # noqa: S104 - this is what is refused
def test_without_keys_other_hosts_are_refused(run, host):
    refused = run("serve", "--host", host, engine_address="tcp://127.0.0.1:1")
    assert (
        refused.exit_code,
        "keys create" in " ".join(refused.output.replace("│", " ").split()),
    ) == (2, True)


def test_without_keys_no_engine_is_begun_for_others(run, tmp_path, monkeypatch):
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\ntouch {tmp_path}/begun\n")
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    run("serve", "--host", "0.0.0.0", "--port", "0")  # noqa: S104 - this is what is refused
    assert not (tmp_path / "begun").exists()


@pytest.mark.parametrize("host", ["192.0.2.1", "shop.invalid"])
def test_an_address_of_another_machine_is_refused_before_anything_is_started(run, tmp_path, host):
    refused = run("serve", "--host", host)
    assert (
        refused.exit_code,
        f"{host}:8000: " in refused.stderr,
        (tmp_path / "home").exists(),
    ) == (1, True, False)


@pytest.mark.parametrize("port", ["-1", "65536", "http"])
def test_invalid_ports_are_refused(run, port):
    assert run("serve", "--port", port).exit_code == 2


@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        ("bootstrap_key", "short", "at least 43 characters"),
        ("bootstrap_key_file", "/nowhere/key", "/nowhere/key: No such file"),
        ("signing_key", "short", "SEGMENTATION_SIGNING_KEY: "),
        ("signing_key_file", "/dev/null", "at least 32 are needed"),
        ("home", "/dev/null", "/dev/null/keys: Not a directory"),
        ("workers", "many", "SEGMENTATION_WORKERS: "),
        ("worker_memory", "much", "SEGMENTATION_WORKER_MEMORY: "),
        ("tables", "s4://bucket", "SEGMENTATION_TABLES: "),
        ("artifacts", "s3:/bucket", "SEGMENTATION_ARTIFACTS: "),
        ("engine_address", "http://127.0.0.1", "SEGMENTATION_ENGINE_ADDRESS: "),
        ("engine_address", "tls://127.0.0.1:1", "SEGMENTATION_ENGINE_CA"),
        ("engine_ca", "ca.pem", "SEGMENTATION_ENGINE_CA"),
    ],
)
def test_an_invalid_setting_ends_the_start_with_a_message(run, setting, value, said):
    refused = run("serve", "--port", "0", **{"engine_address": "tcp://127.0.0.1:1", setting: value})
    assert (refused.exit_code, len(refused.stderr.splitlines()), said in refused.stderr) == (
        1,
        1,
        True,
    )


@pytest.mark.parametrize(
    "command", [("serve", "--port", "0"), ("engine",), ("keys", "list"), ("sweep",), ("resign",)]
)
@pytest.mark.parametrize(
    "address",
    [
        "hidden",
        "mysql://me:hidden@shop/db",
        "postgresql+pg8000://me:hidden@shop/db",
        "postgresql://me:hidden@shop:p/db",
    ],
)
def test_an_address_of_no_database_ends_every_command_with_a_sentence_that_does_not_repeat_it(
    run, command, address
):
    refused = run(*command, database_url=address)
    assert (refused.exit_code, len(refused.stderr.splitlines()), "hidden" in refused.output) == (
        1,
        1,
        False,
    )
    assert refused.stderr.startswith("SEGMENTATION_DATABASE_URL: ")


@pytest.mark.parametrize(
    "address", ["me:p%40:/#?w@h:5432/d?sslmode=require", "/d?host=a:1&host=b", "[::1]:5432/d", "h"]
)
def test_a_database_url_that_sqlalchemy_accepts_is_accepted(address):
    assert Settings(database_url=f"postgresql+psycopg://{address}").database_url


def test_a_file_that_is_no_database_ends_a_command_with_a_sentence(run, tmp_path):
    (tmp_path / "notes").write_text("nothing of a database" * 100)
    refused = run("keys", "list", database_url=f"sqlite:///{tmp_path / 'notes'}")
    assert (refused.exit_code, len(refused.stderr.splitlines())) == (1, 1)


def test_a_start_where_another_program_listens_ends_with_a_sentence(run, nobody):
    port = nobody.rpartition(":")[2]
    refused = run("serve", "--port", port)
    assert (refused.exit_code, refused.stderr) == (1, f"127.0.0.1:{port}: Address already in use\n")


def test_the_schema_is_created_once(run):
    printed = [run("migrate").output.strip() for _ in range(2)]
    assert printed == ["The schema was created.", "The schema is up to date."]


def test_a_sample_for_an_unknown_tenant_fails_with_a_message(run, nobody):
    failed = run("sample", "--url", nobody)
    assert (failed.exit_code, f"could not be loaded into {nobody}" in failed.output) == (1, True)


def test_only_the_new_key_is_printed_to_standard_output(run):
    made = run("keys", "create", "--name", "crm")
    assert (made.exit_code, has_key_format(made.stdout.strip()), made.stdout.count("\n")) == (
        0,
        True,
        1,
    )


def test_keys_are_listed_without_the_keys_themselves(run):
    key = run(
        "keys", "create", "--name", "crm", "--tenant", "shop", "--scope", "read", "--days", "90"
    ).stdout.strip()
    listed = run("keys", "list", "--tenant", "shop").stdout
    assert ("live tenant=shop name=crm scope=read" in listed, key[8:40] in listed) == (True, False)


def test_a_tenants_list_shows_no_other_tenants_keys(run):
    run("keys", "create", "--name", "crm", "--tenant", "shop")
    assert run("keys", "list", "--tenant", "market").stdout == ""


def test_a_revoked_key_is_listed_as_such(run):
    run("keys", "create", "--name", "crm")
    key = run("keys", "list").stdout.split()[0]
    assert (run("keys", "revoke", key).exit_code, run("keys", "list").stdout.split()[1]) == (
        0,
        "revoked",
    )


@pytest.mark.parametrize(
    "arguments", [("revoke", "key_0"), ("create", "--name", "No Name"), ("create", "--name", "")]
)
def test_a_refused_key_command_ends_with_a_sentence(run, arguments):
    refused = run("keys", *arguments)
    assert (refused.exit_code, len(refused.stderr.splitlines())) == (1, 1)


def test_a_generated_key_may_be_the_first(run):
    assert has_key_format(run("keys", "generate").stdout.strip())

"""Erasures of a service whose engine is idle."""

from fastapi.testclient import TestClient

from service.stores import Stores
from service.tasks import run_attempt
from tests.support.steps import erase


def erase_now(client: TestClient, stores: Stores, name: str, customer_id: str) -> None:
    """Erase a customer, and run the job that cleans up."""
    run_attempt(stores, erase(client, name, customer_id), max_attempts=3)

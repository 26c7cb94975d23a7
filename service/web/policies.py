"""What the pages that figures are may do: run their own scripts in a world of their own, and nothing else."""

from typing import Final

from models.drawing.interactive import script_hashes

NOTHING_FROM_ELSEWHERE: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data: blob:; base-uri 'none'; form-action 'none'"
)


def explorable(*others: str) -> str:
    """Write the policy of a page to point and zoom in: it runs those pages' scripts by hash, and `others`."""
    allowed = " ".join([*others, *(f"'{each}'" for each in script_hashes())])
    return f"sandbox allow-scripts; script-src {allowed}; {NOTHING_FROM_ELSEWHERE}"

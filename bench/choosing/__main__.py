"""`python -m bench.choosing`.

Choose k for fresh tables beside the peers, print the tables of docs/benchmarks.md.
"""

import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from functools import partial
from multiprocessing import get_context

from bench.choosing.report import report
from bench.choosing.scoring import Score, score
from bench.choosing.tables import FAMILIES, Source, scoring_sources
from bench.machine import describe_machine
from bench.markdown import say

REPETITIONS = 16


def main(arguments: Sequence[str] | None = None) -> None:
    """Score ours and the peers on so many tables of each family."""
    asked = _parser().parse_args(arguments)
    sources = list(scoring_sources(asked.repetitions, asked.families))
    scores = [found for found in _score(sources, asked) if found]
    say(
        f"Measured on {datetime.now(UTC):%Y-%m-%d} with `python -m bench.choosing "
        f"{asked.repetitions}{' --alone' if asked.alone else ''}`, on "
        f"{describe_machine()}."
    )
    say(
        f"{len(scores)} tables of {len(asked.families)} families; {len(sources) - len(scores)} "
        "could not be drawn."
    )
    report(scores)


def _parser() -> ArgumentParser:
    parser = ArgumentParser(prog="python -m bench.choosing", description=main.__doc__)
    parser.add_argument(
        "repetitions", nargs="?", type=int, default=REPETITIONS, help="tables of each family"
    )
    parser.add_argument(
        "--families", nargs="+", default=list(FAMILIES), choices=FAMILIES, metavar="family"
    )
    parser.add_argument("--alone", action="store_true", help="without the peers")
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    return parser


def _score(sources: Sequence[Source], asked: Namespace) -> Iterator[Score | None]:
    """Score each source, on all cores; in the order of the sources."""
    ask = partial(score, alone=asked.alone)
    with ProcessPoolExecutor(asked.processes, get_context("spawn")) as pool:
        for n, found in enumerate(pool.map(ask, sources), 1):
            sys.stderr.write(f"\r{n} of {len(sources)} tables")
            yield found
    sys.stderr.write("\n")


if __name__ == "__main__":
    main()

"""Run the benchmarks and print their tables."""

import argparse
import asyncio
from pathlib import Path

from rich.console import Console

from benchmarks import both_ways, comparing, engine, exporting, pages, plugins, reading, traces
from benchmarks.cases import from_folder, made_up, made_up_systems, systems_of
from benchmarks.stack import servers

BENCHMARKS = ("engine", "pages", "both_ways", "compare", "export", "reading", "plugins", "traces")


async def main(arguments: argparse.Namespace) -> None:
    """Run those that were asked for, on servers of their own where they need any."""
    console = Console(width=110)
    if "plugins" in arguments.only:
        await plugins.measure(console)
    if set(arguments.only) - {"plugins"}:
        await _on_servers(arguments, console)


async def _on_servers(arguments: argparse.Namespace, console: Console) -> None:
    items = from_folder(arguments.cases, "175b_verification") if arguments.cases else made_up()
    async with servers() as running:
        if "engine" in arguments.only:
            await engine.measure(running, items, arguments.repeats, console)
        if "pages" in arguments.only:
            await pages.measure(running, arguments.scales, console)
        systems = systems_of(arguments.cases) if arguments.cases else made_up_systems()
        if "compare" in arguments.only:
            await comparing.measure(running, systems, console)
        if "both_ways" in arguments.only:
            await both_ways.measure(running, systems, console)
        if "export" in arguments.only:
            await exporting.measure(running, arguments.lengths, console)
        if "reading" in arguments.only:
            await reading.measure(running, arguments.runs, console)
        if "traces" in arguments.only:
            await traces.measure(running, arguments.repeats, console)


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("only", nargs="*", choices=[*BENCHMARKS, []], default=list(BENCHMARKS))
    parser.add_argument("--repeats", type=int, default=5, help="runs of each case (default 5)")
    parser.add_argument(
        "--cases", type=Path, help="folder with items.jsonl and outputs-*.jsonl instead of made-up cases"
    )
    parser.add_argument(
        "--scales", type=int, nargs="*", default=[1, 10], help="times 1,000 records a run (default 1 10)"
    )
    parser.add_argument(
        "--lengths", type=int, nargs="*", default=[10_000, 100_000], help="records of the runs that are exported"
    )
    parser.add_argument("--runs", type=int, default=1000, help="runs of 1,000 records for the pages of results")
    return parser.parse_args()


if __name__ == "__main__":
    asyncio.run(main(parse()))

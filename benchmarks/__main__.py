"""Run the benchmarks and print their tables."""

import argparse
import asyncio
from pathlib import Path

from rich.console import Console

from benchmarks import (
    both_ways,
    comparing,
    engine,
    exporting,
    load,
    pages,
    plugins,
    reading,
    soak,
    trace_pages,
    traces,
)
from benchmarks.cases import from_folder, made_up, made_up_systems, systems_of
from benchmarks.stack import Servers, servers

BENCHMARKS = ("engine", "pages", "both_ways", "compare", "export", "reading", "plugins", "traces", "trace_pages")


#: Run when they are asked for by name.
LONG = ("load", "soak")


async def main(arguments: argparse.Namespace) -> int:
    """Run those that were asked for, on servers of their own where they need any; return how much was wrong."""
    console = Console(width=120)
    if "load" in arguments.only:
        await load.measure(arguments.records, console)
    if "plugins" in arguments.only:
        await plugins.measure(console)
    if set(arguments.only) - {"plugins", *LONG}:
        await _on_servers(arguments, console)
    return await soak.soak(arguments.minutes, arguments.seed, console) if "soak" in arguments.only else 0


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
        await _of_traces(running, arguments, console)


async def _of_traces(running: Servers, arguments: argparse.Namespace, console: Console) -> None:
    if "traces" in arguments.only:
        await traces.measure(running, arguments.repeats, console)
    if "trace_pages" in arguments.only:
        await trace_pages.measure(running, console)


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("only", nargs="*", choices=[*BENCHMARKS, *LONG, []], default=list(BENCHMARKS))
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
    parser.add_argument("--minutes", type=float, default=10, help="how long the soak takes (default 10)")
    parser.add_argument("--seed", type=int, default=1, help="what the soak's chances come from")
    parser.add_argument("--records", type=int, default=100_000, help="of the run beside which a short one is started")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(min(1, asyncio.run(main(parse()))))

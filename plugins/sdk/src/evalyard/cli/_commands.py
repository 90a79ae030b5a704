"""The commands, found as entry points of the group `evalyard.commands`.

An entry point is called as its command and resolves to a function, which is the command, or to a `typer.Typer`, which
is a group of commands. One called `group.command` adds a command to the group of another package.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.metadata import EntryPoint, entry_points, version
from typing import Annotated, Any, Final

import typer
from typer.models import CommandInfo

from evalyard.cli._examples import epilog

GROUP: Final = "evalyard.commands"
_ANYTHING: Final = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}


def run(arguments: Sequence[str]) -> None:
    """Run the command that `arguments` name; exit as it does."""
    build_app(entry_points(group=GROUP), arguments)(args=list(arguments), prog_name="evalyard")


def build_app(found: Iterable[EntryPoint], arguments: Sequence[str]) -> typer.Typer:
    """Return the application with the commands of `found`.

    When `arguments` begin with one of them, no other is imported. A command that can't be imported says so when it is
    called, and in the help; the others go on.
    """
    app = typer.Typer(
        name="evalyard",
        help="Evaluate AI systems: datasets, runs, scores.",
        no_args_is_help=True,
        pretty_exceptions_show_locals=False,
    )
    app.callback()(_options)
    commands = _by_name(found)
    whole = [name for name in sorted(commands) if "." not in name]
    wanted = arguments[0] if arguments and arguments[0] in whole else None
    for name in [wanted] if wanted else whole:
        group = _add(app, name, commands[name])
        if group is not None:
            _extend(group, name, commands)
    return app


def _extend(group: typer.Typer, name: str, commands: Mapping[str, Sequence[EntryPoint]]) -> None:
    """Add to a group what other packages offer for it."""
    for added in sorted(commands):
        if added.startswith(f"{name}."):
            _add(group, added.removeprefix(f"{name}."), commands[added])


def _options(
    *,
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=lambda wanted: _show_version(wanted=wanted))
    ] = False,
) -> None:
    """Evaluate AI systems: datasets, runs, scores."""


def _show_version(*, wanted: bool) -> None:
    if wanted:
        typer.echo(f"evalyard {version('evalyard')}")
        raise typer.Exit


def _by_name(found: Iterable[EntryPoint]) -> dict[str, list[EntryPoint]]:
    commands: dict[str, list[EntryPoint]] = {}
    for entry_point in found:
        commands.setdefault(entry_point.name, []).append(entry_point)
    return commands


def _add(app: typer.Typer, name: str, offers: Sequence[EntryPoint]) -> typer.Typer | None:
    """Add command `name`, or one that says why it can't be had; return the group if it is one."""
    if len({offer.value for offer in offers}) > 1:
        packages = " and ".join(sorted(_package(offer) for offer in offers))
        _add_broken(app, name, f"it is offered by {packages}: uninstall one of them")
        return None
    try:
        command = offers[0].load()
    except Exception as error:  # noqa: BLE001 - whatever a stranger's package raises costs its own command only
        reason = f"{type(error).__name__}: {error}"
        _add_broken(app, name, f"{_package(offers[0])} could not be loaded ({reason}): reinstall or remove it")
        return None
    return _attach(app, name, command)


def _attach(app: typer.Typer, name: str, command: typer.Typer | Callable[..., Any]) -> typer.Typer | None:
    if isinstance(command, typer.Typer):
        # Another package may add to the group; it is not ours to change.
        group = typer.Typer(name=name, help=command.info.help, no_args_is_help=True)
        group.registered_commands += [_with_examples(offered) for offered in command.registered_commands]
        group.registered_groups += command.registered_groups
        group.registered_callback = command.registered_callback
        app.add_typer(group)
        return group
    app.command(name, epilog=epilog(command))(command)
    return None


def _with_examples(offered: CommandInfo) -> CommandInfo:
    """Return a group's command with its examples below its help."""
    offered.epilog = offered.epilog or epilog(offered.callback)
    return offered


def _add_broken(app: typer.Typer, name: str, reason: str) -> None:
    @app.command(name, help=f"Not available: {reason}.", context_settings=_ANYTHING)
    def refuse() -> None:
        typer.echo(f"evalyard: the command {name} is not available: {reason}.", err=True)
        raise typer.Exit(1)


def _package(offer: EntryPoint) -> str:
    return offer.dist.name if offer.dist else "an unknown package"

"""`evalyard schema`: the GraphQL schema of this release."""

import typer


def schema() -> None:
    """Print the GraphQL schema of this release, from which clients and their types are generated."""
    # The help must not wait for it.
    from evalyard_schema.schema import schema as served  # noqa: PLC0415

    typer.echo(served.as_str(), nl=False)

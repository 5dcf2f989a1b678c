"""Options of commands that name the tables of subjects, made from the registry."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from cqrs.migrations.subjects import renamed_subjects

if TYPE_CHECKING:
    from collections.abc import Callable

    from cqrs.migrations.subjects import Subject

TableNames: TypeAlias = Mapping[str, str | None]
"""The name of the first table of each subject that may have another name, or ``None`` for the default."""


def with_tables(command: Callable[..., None]) -> Callable[..., None]:
    """Give ``command`` an option such as ``--outbox-table`` for each subject that may have another name.

    ``command`` gets them as ``tables``.
    """
    options = {f"{subject.name}_table": subject for subject in renamed_subjects()}

    @functools.wraps(command)
    def run(**given: Any) -> None:
        tables = {subject.name: given.pop(option) for option, subject in options.items()}
        command(**given, tables=tables)

    parameters = inspect.signature(command, eval_str=True).parameters
    shown = [parameter for name, parameter in parameters.items() if name != "tables"]
    shown += [_option(name, subject) for name, subject in options.items()]
    # Typer reads both.
    vars(run)["__signature__"] = inspect.Signature(shown)
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in shown}
    return run


def _option(name: str, subject: Subject) -> inspect.Parameter:
    default = f"`{subject.tables[0]}`" if subject.variable is None else f"{subject.variable} or `{subject.tables[0]}`"
    option = typer.Option(help=f"The table of the {subject.name}; by default {default}.")
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[str | None, option]
    )

"""The header that a template begins with: TOML in a comment, `{#- mart ... -#}`, `{#- quality ... -#}` or `{#- ops ... -#}`.

A kind of header is a closed Pydantic model: what it does not declare is an error that names the nearest word.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from clickvault.errors import ContractError

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails


class Closed(BaseModel):
    """Values as TOML has them, of the fields that a subclass declares and no others."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Declared(Closed):
    """A parameter as a header declares it."""

    model_config = ConfigDict(strict=True)

    default: int
    meaning: str


Model = TypeVar("Model", bound=BaseModel)
Kind = Literal["mart", "quality", "ops"]


def read_header(path: Path, kind: Kind, model: type[Model]) -> Model:
    """The header of a template. Raises ContractError with the file where there is none of `kind`, and for what is wrong in it."""
    return validated(model, values_of(path, kind, f"see {_module(model)}"), path)


def values_of(path: Path, kind: Kind, hint: str = "") -> dict[str, Any]:
    """The header of a template as TOML has it. Raises ContractError, with `hint`, where there is none of `kind`."""
    header = re.match(rf"\{{#- {kind}\n(.*?)\n-#\}}", path.read_text(encoding="utf-8"), re.DOTALL)
    if not header:
        raise ContractError(f"{path}: the template begins with a header, {{#- {kind}", hint=hint)
    try:
        return tomllib.loads(header[1])
    except tomllib.TOMLDecodeError as error:
        raise ContractError(f"{path}: its header can't be read: {error}") from error


def validated(model: type[Model], values: Mapping[str, Any], path: Path) -> Model:
    """The values of a file as its model. Raises ContractError that names file, place and fault of each value that does not fit."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        places = [fault["loc"] for fault in error.errors()]
        # A list that an invalid member makes too short has no fault of its own.
        inner = [f for f in error.errors() if not any(p[: len(f["loc"])] == f["loc"] != p for p in places)]
        said = "; ".join(f"{path}: {_fault(model, values, fault)}" for fault in inner)
        raise ContractError(said, hint=f"see {_module(model)}") from error


def _fault(model: type[BaseModel], values: Mapping[str, Any], fault: ErrorDetails) -> str:
    """One fault of Pydantic's as people read it, after the place where it is."""
    loc, kind, given = fault["loc"], fault["type"], fault["input"]
    place = " ".join(_words(values, loc[:-1] if kind in ("missing", "extra_forbidden") else loc))
    if kind == "missing":
        return f"{place or 'it'} lacks {str(loc[-1])!r}"
    if kind == "extra_forbidden":
        near = get_close_matches(str(loc[-1]), _fields(model), n=1)
        return f"{place or 'it'} can't have {str(loc[-1])!r}" + (f"; did you mean {near[0]!r}?" if near else "")
    message = fault["msg"].removeprefix("Value error, ")
    return f"{place or 'it'}: {message}" + (f", got {given!r}" if isinstance(given, str | int | float) else "")


def _words(values: Any, loc: tuple[int | str, ...]) -> Iterable[str]:
    """The steps to a value; a member of a list that has a name is called by it: tile dau, for tiles 3."""
    for step, after in zip(loc, (*loc, None)[1:], strict=True):
        try:
            values = values[step]
        except (KeyError, IndexError, TypeError):
            values = None
        if isinstance(step, int):
            yield str(values.get("name", step + 1)) if isinstance(values, Mapping) else str(step + 1)
        else:
            yield step.removesuffix("s") if isinstance(after, int) else step


def _fields(model: type[BaseModel]) -> set[str]:
    """The names of all fields of a model and of those within it."""
    found: set[str] = set()
    schema = model.model_json_schema()
    for part in (schema, *schema.get("$defs", {}).values()):
        found |= part.get("properties", {}).keys()
    return found


def _module(model: type[BaseModel]) -> str:
    """The file that explains what a model's fields mean."""
    return model.__module__.replace(".", "/") + ".py"

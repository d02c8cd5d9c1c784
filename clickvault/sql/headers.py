"""The header that a template begins with: TOML in a comment, `{#- mart ... -#}` or `{#- quality ... -#}`."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from clickvault.errors import ContractError


def read_header(path: Path, kind: str, noun: str, example: str) -> dict[str, Any]:
    """The values of a template's header of `kind`; `noun` and `example` say in the error what lacks one, and where to look.

    Raises ContractError where there is none, or where it is no TOML.
    """
    header = re.match(rf"\{{#- {kind}\n(.*?)\n-#\}}", path.read_text(encoding="utf-8"), re.DOTALL)
    if not header:
        raise ContractError(f"{path}: a {noun} begins with a header", hint=f"see {example}")
    try:
        return tomllib.loads(header.group(1))
    except tomllib.TOMLDecodeError as error:
        raise ContractError(f"{path}: its header can't be read: {error}") from error

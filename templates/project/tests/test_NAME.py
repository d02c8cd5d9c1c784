"""The samples are valid events of the contracts, judged as the pipeline judges them. No server is needed."""

from pathlib import Path

import pytest

from clickvault.contract import load_domains
from clickvault.contract.validation import judge

PROJECT = Path(__file__).resolve().parent.parent
REGISTRY = load_domains(["NAME"], PROJECT)
SAMPLES = sorted((PROJECT / "NAME" / "samples").glob("*.jsonl"))


@pytest.mark.parametrize("file", SAMPLES, ids=lambda f: f.name)
def test_the_samples_are_valid(file: Path) -> None:
    """A reason that is listed is one that the pipeline would reject the message for."""
    lines = file.read_bytes().splitlines()
    assert lines
    assert [reasons for line in lines if isinstance(reasons := judge(line, REGISTRY), list)] == []

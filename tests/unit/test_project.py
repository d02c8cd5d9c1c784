"""The project folder: where it is, what its file may say, where each setting comes from, and the one that `new` writes. No server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from clickvault.contract import load_domains
from clickvault.contract.validation import judge
from clickvault.dashboards import load
from clickvault.errors import ConfigurationError, extra_of
from clickvault.marts import build as marts
from clickvault.quality import all_checks, query
from clickvault.resources import CHECKOUT, project_folder
from clickvault.settings import Settings, explained, get_settings
from clickvault.sql.render import Renderer
from tests.worlds import ADDRESSES

SECRET = "the-secret-word"


@pytest.fixture(autouse=True)
def nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of this machine."""
    for name in [name for name in os.environ if name.startswith(ADDRESSES)]:
        monkeypatch.delenv(name)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project in the current folder."""
    (tmp_path / "clickvault.toml").write_text('domains = ["mine"]\n[stores]\nkafka_bootstrap = "kafka:9092"\n')
    monkeypatch.chdir(tmp_path)
    return tmp_path


def command(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith(ADDRESSES)}
    return subprocess.run(
        [sys.executable, "-m", "clickvault", *arguments],
        cwd=cwd, capture_output=True, text=True, timeout=120, check=False, env={**clean, "PYTHONPATH": str(CHECKOUT)},
    )  # fmt: skip


# ── where it is ───────────────────────────────────────────────────────────────────────────────────────────────


def test_the_project_is_the_nearest_folder_with_its_file(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "deep" / "er").mkdir(parents=True)
    monkeypatch.chdir(project / "deep" / "er")
    assert project_folder() == project
    assert get_settings().home == project / ".clickvault"
    monkeypatch.setenv("CLICKVAULT_PROJECT", str(project / "deep"))
    assert project_folder() == project / "deep"


def test_without_its_file_the_checkout_is_the_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert project_folder() == CHECKOUT
    monkeypatch.setattr("clickvault.resources.CHECKOUT", None)
    assert project_folder() == tmp_path


# ── what its file says ────────────────────────────────────────────────────────────────────────────────────────


def test_the_environment_wins_over_dotenv_over_the_file(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (get_settings().domains, get_settings().kafka_bootstrap) == (["mine"], "kafka:9092")
    (project / ".env").write_text("CLICKVAULT_DOMAINS=social,mine\nKAFKA_BOOTSTRAP=other:9092\n")
    assert (get_settings().domains, get_settings().kafka_bootstrap) == (["social", "mine"], "other:9092")
    monkeypatch.setenv("CLICKVAULT_DOMAINS", "social")
    assert get_settings().domains == ["social"]


def test_a_password_in_dotenv_belongs_to_the_address_in_the_file(project: Path) -> None:
    (project / "clickvault.toml").write_text('[stores]\nclickhouse_url = "https://owner@ch:8443"\n')
    (project / ".env").write_text("CLICKHOUSE_PASSWORD=p@ss/word\n")
    assert get_settings().clickhouse_url == "https://owner:p%40ss%2Fword@ch:8443"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f'[stores]\nkafka_password = "{SECRET}"', "kafka_password holds a secret"),
        (f'[stores]\npostgres_url = "postgresql://vault:{SECRET}@pg:5432/vault"', "postgres_url holds a secret"),
        (f'[stores]\npostgres_url = "postgresql://vault@pg/vault?password={SECRET}"', "postgres_url holds a secret"),
        (f'[stores]\nclickhouse_url = "http://owner:{SECRET}/[@ch:8123"', "clickhouse_url holds a secret"),
        (f'alerts = ["tgram://{SECRET}/1"]', "alerts holds a secret"),
        ('domain = ["mine"]', "there is no setting 'domain'"),
        ('stores = "kafka:9092"', "stores must be a table"),
        ("domains = [mine]", "can't be read"),
        ("[parameters]\ntop = 'ten'", "PARAMETERS"),
    ],
)
def test_what_the_file_may_not_say_is_named(project: Path, text: str, words: str) -> None:
    (project / "clickvault.toml").write_text(text)
    with pytest.raises(ConfigurationError, match=words) as caught:
        get_settings()
    assert SECRET not in caught.value.message + caught.value.hint


def test_each_setting_is_explained_without_its_secrets(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / ".env").write_text(f"POSTGRES_URL=postgresql://vault:{SECRET}@pg:5432/vault?sslmode=require\n")
    monkeypatch.setenv("S3_SECRET_KEY", SECRET)
    monkeypatch.setenv("CLICKVAULT_ALERTS", f"tgram://{SECRET}/1 json://host")
    found = {s.name: s for s in explained()}
    assert len(found) == len(Settings.model_fields)
    assert (found["CLICKVAULT_DOMAINS"].value, found["CLICKVAULT_DOMAINS"].place) == ("mine", "clickvault.toml")
    assert (found["KAFKA_BOOTSTRAP"].value, found["KAFKA_BOOTSTRAP"].place) == ("kafka:9092", "clickvault.toml")
    postgres = found["POSTGRES_URL"]
    assert (postgres.value, postgres.place) == ("postgresql://vault:***@pg:5432/vault?sslmode=require", ".env")
    assert (found["S3_SECRET_KEY"].value, found["S3_SECRET_KEY"].place) == ("***", "environment")
    assert found["CLICKVAULT_ALERTS"].value == "tgram://*** json://***"
    assert (found["S3_BUCKET"].value, found["S3_BUCKET"].place) == ("events", "default")
    assert SECRET not in str(found)


def test_config_prints_them(project: Path) -> None:
    shown = command("config", "--json", cwd=project)
    assert shown.returncode == 0, shown.stderr
    values = json.loads(shown.stdout)
    assert values["project"] == str(project)
    assert values["settings"]["CLICKVAULT_DOMAINS"] == {"value": "mine", "from": "clickvault.toml"}
    assert "KAFKA_BOOTSTRAP" in command("config", cwd=project).stdout


# ── new ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_new_writes_a_project_whose_parts_fit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = command("new", "corner_shop", cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    folder = tmp_path / "corner_shop"
    texts = {p: p.read_text() for p in folder.rglob("*") if p.is_file()}
    assert {".gitignore", ".env.example", "clickvault.toml", "README.md"} <= {p.name for p in texts}
    assert not [p for p, text in texts.items() if "NAME" in str(p.relative_to(folder)) + text]
    monkeypatch.setattr(sys, "path", [*sys.path])
    renderer = Renderer(load_domains(["corner_shop"], folder))
    (domain,) = renderer.registry.domains
    assert domain.folder == folder / "corner_shop"
    (samples,) = domain.files("samples", "*.jsonl")
    lines = samples.read_bytes().splitlines()
    assert [verdict for line in lines if isinstance(verdict := judge(line, renderer.registry), list)] == []
    assert [m.name for m in marts.all_marts(renderer)] == ["orders_daily"]
    assert "marts.v_orders_daily" in [o.name for o in marts.objects(renderer)]
    assert [d.name for d, _ in load(renderer)] == ["orders", "pipeline"]
    own = [c for c in all_checks(renderer) if c.template.startswith("domains/corner_shop/")]
    assert [c.name for c in own] == ["unpaid_orders"]
    for check in all_checks(renderer):  # those of every domain have a query here, too, where there is little to look at
        assert query(renderer, check).lstrip("-").strip()


@pytest.mark.parametrize("name", ["Mine", "social", "json", "a-b", "../x", "there"])
def test_new_refuses_a_name_that_can_not_be_a_domain_s(tmp_path: Path, name: str) -> None:
    (tmp_path / "there").mkdir()
    refused = command("new", name, cwd=tmp_path)
    assert refused.returncode == 1
    assert "Error: " in refused.stderr
    assert "Try: " in refused.stderr
    assert list(tmp_path.rglob("*")) == [tmp_path / "there"]


# ── domains by name, package and folder ───────────────────────────────────────────────────────────────────────


def test_a_domain_is_named_by_its_folder_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert command("new", "by_the_sea", cwd=tmp_path).returncode == 0
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.chdir(tmp_path)
    registry = load_domains(["social", "by_the_sea/by_the_sea"], tmp_path)
    assert [d.name for d in registry.domains] == ["social", "by_the_sea"]
    with pytest.raises(ConfigurationError, match="no domain in "):
        load_domains(["./nowhere"], tmp_path)


def test_what_an_extra_brings_is_named(tmp_path: Path) -> None:
    assert extra_of("psutil") == extra_of("uvicorn.config") == "embedded"
    assert extra_of("json") == ""
    without = (
        "import sys\n"
        "class No:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'psutil': raise ModuleNotFoundError(f'No module named {name!r}', name=name)\n"
        "sys.meta_path.insert(0, No())\n"
        "sys.argv = ['clickvault', 'up']\n"
        "from clickvault.cli import main\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", without],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(CHECKOUT)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "psutil is not installed" in done.stderr
    assert "pip install 'clickvault[embedded]'" in done.stderr

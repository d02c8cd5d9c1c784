"""The compose files, read as compose reads them: what people complain of in such stacks is absent here, and stays so.

No container runs in these tests. podman-compose resolves the files (anchors, variables, overrides) as compose does.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from clickvault.contract import Registry
from clickvault.domains.social import DOMAIN
from clickvault.pipeline import migrate as schema
from clickvault.resources import CHECKOUT
from clickvault.settings import Settings
from clickvault.sql.render import Renderer

FILES = {
    "the stack": ["docker-compose.yml"],
    "with MinIO": ["docker-compose.yml", "docker-compose.minio.yml"],
    "the cluster": ["docker-compose.yml", "docker-compose.cluster.yml"],
}
ENDS = {"init", "airflow-init", "clickvault"}
"""Services that end: a health check would never be asked."""
SECRET = re.compile(r"PASSWORD|SECRET|_KEY|_PASS$|_AUTH$|CONN$|_URL$|JWT", re.IGNORECASE)
NO_SECRETS = {
    "S3_URL", "AIRFLOW__API__BASE_URL", "AIRFLOW__CORE__EXECUTION_API_SERVER_URL",
    "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE",
}  # fmt: skip
"""Addresses without a login, and a path: named like secrets, and none."""


@pytest.fixture(scope="session")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What docker/secrets.sh makes, in a folder of its own."""
    folder = tmp_path_factory.mktemp("checkout")
    subprocess.run(["sh", CHECKOUT / "docker" / "secrets.sh"], cwd=folder, check=True, capture_output=True)
    return folder


def resolve(files: list[str], folder: Path, environment: Path | None) -> subprocess.CompletedProcess[str]:
    """`config` of podman-compose; it wants to see podman's version, and asks it nothing else."""
    podman = folder / "podman"
    podman.write_text("#!/bin/sh\necho podman version 5.4.0\n", encoding="utf-8")
    podman.chmod(0o755)
    chosen = [part for name in files for part in ("-f", str(CHECKOUT / name))]
    given = ["--env-file", str(environment)] if environment else []
    command = [sys.executable, "-m", "podman_compose", "--podman-path", str(podman), *given, *chosen]
    clean = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "LANG")}
    return subprocess.run(
        [*command, "--profile", "superset", "--profile", "tools", "--profile", "cluster", "config"],
        cwd=folder, capture_output=True, text=True, check=False, env=clean,
    )  # fmt: skip


@pytest.fixture(scope="session", params=FILES)
def compose(request: pytest.FixtureRequest, secrets: Path) -> dict[str, Any]:
    """The whole configuration, variables filled in."""
    environment = secrets / ".env.compose"
    with_image = secrets / f"env {request.param}"
    with_image.write_text(
        environment.read_text(encoding="utf-8") + "MINIO_IMAGE=minio/minio:RELEASE.2025-09-07T16-13-09Z\n"
    )
    done = resolve(FILES[request.param], secrets, with_image)
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, Any] = yaml.safe_load(done.stdout)
    return found


def services(compose: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The services by name; an empty collection would pass everything."""
    found: dict[str, dict[str, Any]] = compose["services"]
    assert len(found) >= 13
    return found


def test_images_are_at_exact_versions(compose: dict[str, Any]) -> None:
    for name, service in services(compose).items():
        image, _, tag = service["image"].rpartition(":")
        assert image, f"{name}: no tag"
        assert re.match(r"(v?\d+\.\d+|RELEASE\.\d{4}-\d{2}-\d{2})", tag), f"{name}: {tag} floats"
    for file in (CHECKOUT / "docker").glob("*.Dockerfile"):
        for base in re.findall(r"^FROM (\S+)", file.read_text(encoding="utf-8"), re.MULTILINE):
            assert re.search(r":\d+\.\d+\.\d+", base), f"{file.name}: {base} floats"


def test_an_image_is_built_by_one_service(compose: dict[str, Any]) -> None:
    """Several that build one tag at once end in "already exists"; the others ask no registry for a name that is ours."""
    ours = [image for s in services(compose).values() if (image := s["image"]).startswith("clickvault-")]
    assert len(ours) >= 7
    for image in set(ours):
        users = [s for s in services(compose).values() if s["image"] == image]
        assert sum("build" in s for s in users) == 1, image
        assert [s.get("pull_policy") for s in users if "build" not in s] == ["never"] * (len(users) - 1)
    assert "build" in services(compose)["init"], "what all others wait for"
    dockerfile = (CHECKOUT / "docker" / "airflow.Dockerfile").read_text(encoding="utf-8")
    assert re.search(r"pip install [^\n]*\\\n\s*&& pip check$", dockerfile, re.MULTILINE)


def test_ports_are_on_loopback(compose: dict[str, Any]) -> None:
    found = [p for s in services(compose).values() for p in s.get("ports", [])]
    assert len(found) >= 8
    assert [p for p in found if not str(p).startswith("127.0.0.1:")] == []
    outside = [str(p).split(":")[1] for p in found]
    assert len(set(outside)) == len(outside), "two services on one port"


def test_every_service_has_a_health_check_or_ends(compose: dict[str, Any]) -> None:
    for name, service in services(compose).items():
        check = service["healthcheck"]
        if name in ENDS:
            assert check == {"disable": True}
            assert service.get("restart", "no") == "no"
        else:
            assert check["test"][0] in ("CMD", "CMD-SHELL")
            assert "|| true" not in " ".join(check["test"]), f"{name}: a check that can't fail"
            assert {"interval", "timeout", "retries"} <= check.keys()
            assert service["restart"] == "unless-stopped"


@pytest.mark.parametrize(
    ("said", "healthy"),
    [
        ('{"metadatabase":{"status":"healthy"},"scheduler":{"status":"unhealthy"}}', True),
        ('{"metadatabase": {"status": "healthy"}, "triggerer": {"status": null}}', True),
        ('{"metadatabase":{"status":"unhealthy"},"scheduler":{"status":"healthy"}}', False),
    ],
)
def test_airflow_s_check_asks_for_its_database(compose: dict[str, Any], said: str, healthy: bool) -> None:
    """The answer has the states of all processes in it, and "unhealthy" has "healthy" in it."""
    asked, _, judged = services(compose)["airflow-api"]["healthcheck"]["test"][1].partition(" | ")
    assert asked.startswith("curl -fs ")
    assert (subprocess.run(["sh", "-c", judged], input=said, text=True, check=False).returncode == 0) == healthy


def test_what_is_waited_for_can_be_waited_for(compose: dict[str, Any]) -> None:
    everything = services(compose)
    for name, service in everything.items():
        for other, how in service.get("depends_on", {}).items():
            ends = "service_completed_successfully"
            assert how["condition"] == (ends if other in ENDS else "service_healthy"), f"{name} waits for {other}"


def test_every_service_has_a_memory_limit(compose: dict[str, Any]) -> None:
    limits = {name: service["mem_limit"] for name, service in services(compose).items()}
    assert all(re.fullmatch(r"\d+[gm]", limit) for limit in limits.values()), limits
    page = (CHECKOUT / "docs" / "compose.md").read_text(encoding="utf-8")
    for name in limits.keys() - ENDS:
        assert f"| {name} " in page, f"docs/compose.md does not say what {name} needs"


GIGABYTE = {"g": 1.0, "m": 1 / 1024}


def test_the_memory_of_the_page_is_compose_s_own_sum(compose: dict[str, Any], request: pytest.FixtureRequest) -> None:
    """docs/compose.md says of each service what its limit is, and of the stack and the cluster what all limits make."""
    page = (CHECKOUT / "docs" / "compose.md").read_text(encoding="utf-8")
    found = services(compose)
    limits = {n: float(s["mem_limit"][:-1]) * GIGABYTE[s["mem_limit"][-1]] for n, s in found.items() if n not in ENDS}
    for name, limit in limits.items():
        said = f"{limit:.0f} GB" if limit >= 1 else f"{1024 * limit:.0f} MB"
        assert re.search(rf"^\| {name} \| {said}\b", page, re.MULTILINE), f"{name}: {said}"
    only_by_choice = {"superset"} if "clickhouse-2b" in found else {"superset", "airflow-worker"}
    total = sum(limit for name, limit in limits.items() if name not in only_by_choice)
    what = "cluster" if "clickhouse-2b" in found else "stack"
    assert f"{total:g} GB of ceilings in all for the {what}" in page


@pytest.mark.parametrize("heap", ["512m", "1g", "4g"])
def test_neo4j_s_heap_may_be_any(secrets: Path, heap: str) -> None:
    """A first size above the largest one ends the server at its start."""
    environment = secrets / f"env heap {heap}"
    environment.write_text((secrets / ".env.compose").read_text(encoding="utf-8") + f"NEO4J_HEAP={heap}\n")
    done = resolve(FILES["the stack"], secrets, environment)
    memory = yaml.safe_load(done.stdout)["services"]["neo4j"]["environment"]
    assert memory["NEO4J_server_memory_heap_max__size"] == heap
    assert memory["NEO4J_server_memory_heap_initial__size"] == heap


def test_the_cluster_has_its_commands() -> None:
    """`make cluster-up`, `cluster-demo`, `cluster-down` name both files and the profile."""
    for target, what in (("up", "up -d --build"), ("demo", "clickvault demo"), ("down", "down")):
        done = subprocess.run(
            ["make", "-n", f"cluster-{target}"], cwd=CHECKOUT, capture_output=True, text=True, check=True
        )  # fmt: skip
        (line,) = [line for line in done.stdout.splitlines() if what in line]
        assert "-f docker-compose.yml -f docker-compose.cluster.yml --profile cluster" in line
        assert f"make cluster-{target}" in (CHECKOUT / "docs" / "compose.md").read_text(encoding="utf-8")


def test_no_secret_has_a_default(secrets: Path) -> None:
    """Without the file of secrets compose stops and says what to do; with it no two secrets are the same."""
    done = resolve(FILES["the stack"], secrets, None)
    assert done.returncode != 0
    assert "make compose-up" in done.stderr
    text = "".join((CHECKOUT / f"docker-compose{kind}.yml").read_text(encoding="utf-8") for kind in ("", ".cluster"))
    for name in re.findall(r"\$\{(\w+)[:}]", text):
        if SECRET.search(name):
            assert not re.search(rf"\$\{{{name}:-", text), f"{name} has a default"
            assert not re.search(rf"\$\{{{name}\}}", text), f"{name} may be empty"
    values = dict(
        line.split("=", 1)
        for line in (secrets / ".env.compose").read_text(encoding="utf-8").splitlines()
        if not line.startswith("#")
    )
    made = {k: v for k, v in values.items() if k != "S3_ACCESS_KEY"}
    assert len(set(made.values())) == len(made) >= 15
    assert min(map(len, made.values())) >= 32
    assert len(made["AIRFLOW_JWT_SECRET"]) >= 64
    used = set(re.findall(r"\$\{(\w+):\?", text))
    assert used == values.keys(), "a secret that nobody makes, or nobody uses"
    assert (secrets / ".env.compose").stat().st_mode & 0o077 == 0


def test_secrets_are_made_once(secrets: Path) -> None:
    before = (secrets / ".env.compose").read_text(encoding="utf-8")
    subprocess.run(["sh", CHECKOUT / "docker" / "secrets.sh"], cwd=secrets, check=True, capture_output=True)
    assert (secrets / ".env.compose").read_text(encoding="utf-8") == before
    assert not (secrets / ".env.compose.part").exists()
    ignored = (CHECKOUT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert {"/.env.compose", "/.secrets/"} <= set(ignored)


def test_a_newer_version_s_secret_is_added_and_the_others_stay(tmp_path: Path) -> None:
    file = tmp_path / ".env.compose"
    for _ in range(2):
        subprocess.run(["sh", CHECKOUT / "docker" / "secrets.sh"], cwd=tmp_path, check=True, capture_output=True)
        before = file.read_text(encoding="utf-8").splitlines()
        file.write_text("\n".join(line for line in before if not line.startswith("METABASE_ADMIN")) + "\n")
    subprocess.run(["sh", CHECKOUT / "docker" / "secrets.sh"], cwd=tmp_path, check=True, capture_output=True)
    after = file.read_text(encoding="utf-8").splitlines()
    assert {line.partition("=")[0] for line in after} == {line.partition("=")[0] for line in before}
    assert [line for line in before if line not in after] == [b for b in before if b.startswith("METABASE_ADMIN")]


def test_no_plain_secret_stands_in_the_files() -> None:
    """A value of a secret's name, and an address with a login, has a variable in it that must be set."""
    for name in sorted(p.name for p in CHECKOUT.glob("docker-compose*.yml")):
        for key, service in yaml.safe_load((CHECKOUT / name).read_text(encoding="utf-8"))["services"].items():
            for variable, value in (service.get("environment") or {}).items():
                secret = SECRET.search(variable) and variable not in NO_SECRETS
                if secret or re.search("://.*@", str(value)):
                    assert re.search(r"\$\{\w+:\?", str(value)), f"{key}: {variable}"


def test_airflow_s_processes_share_their_secrets(compose: dict[str, Any]) -> None:
    """With another JWT secret in one of them, each of its tasks is refused."""
    names = [n for n in services(compose) if n.startswith("airflow-")]
    assert len(names) >= 5
    for variable in (
        "AIRFLOW__API_AUTH__JWT_SECRET",
        "AIRFLOW__CORE__FERNET_KEY",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL",
    ):
        assert len({services(compose)[n]["environment"][variable] for n in names}) == 1


def test_what_the_facts_of_the_images_ask_for(compose: dict[str, Any]) -> None:
    found = services(compose)
    assert "postgres:/var/lib/postgresql" in found["postgres"]["volumes"], "of PostgreSQL 18 the folder above the data"
    assert "gds.version()" in " ".join(found["neo4j"]["healthcheck"]["test"]), "Neo4j starts without GDS, too"
    assert found["kafka"]["environment"]["KAFKA_AUTO_CREATE_TOPICS_ENABLE"] == "false"
    assert found["metabase"]["environment"]["MB_DB_TYPE"] == "postgres", "its own file loses everything at an upgrade"
    assert found["metabase"]["environment"]["MB_DB_DBNAME"] != "clickvault"


def test_every_queue_s_topic_is_created_before_anything_pulls(compose: dict[str, Any]) -> None:
    """`clickvault init` creates each declared topic, then the queues; nothing else runs before it ended well."""
    renderer = Renderer(Registry([DOMAIN]))
    objects = schema.clickhouse_objects(renderer, Settings(home=Path("/nowhere"), kafka_bootstrap="kafka:9092"))
    queues = [t for o in objects for t in re.findall(r"kafka_topic_list = '([^']*)'", o.sql)]
    assert len(queues) > 5
    assert sorted(",".join(queues).split(",")) == sorted(schema._topics(renderer)), "what `init` creates"
    found = services(compose)
    assert found["init"]["command"] == ["clickvault", "init"]
    assert {"kafka", "clickhouse", "postgres", "s3"} <= found["init"]["depends_on"].keys()
    for name in ("airflow-scheduler", "clickvault"):
        assert "init" in found[name]["depends_on"]


def test_logins_of_the_images_are_those_of_the_configuration(compose: dict[str, Any]) -> None:
    """What ClickHouse's configuration takes from the environment is given to each of its containers."""
    wanted = set()
    for file in [*(CHECKOUT / "clickhouse").glob("*.d/*.xml")]:
        wanted |= set(re.findall(r'from_env="(\w+)"', file.read_text(encoding="utf-8")))
    assert len(wanted) >= 7
    found = services(compose)
    for name in (n for n, s in found.items() if "clickhouse-server:" in s["image"]):
        assert wanted <= found[name]["environment"].keys(), name
        assert found[name]["environment"]["KAFKA_BOOTSTRAP"] == found["init"]["environment"]["KAFKA_BOOTSTRAP"], name
    script = (CHECKOUT / "docker" / "postgres-init.sh").read_text(encoding="utf-8")
    assert set(re.findall(r"\$([A-Z_]+_PASSWORD)", script)) <= services(compose)["postgres"]["environment"].keys()


def test_the_settings_of_the_pipeline_are_forwarded(compose: dict[str, Any]) -> None:
    """What .env.compose says of them reaches every container of clickvault; unset, they are as everywhere else."""
    own = {"CLICKVAULT_HOME", "CLICKVAULT_AIRFLOW_HOME", "CLICKVAULT_SERVICES"}  # folders: the containers' own
    fields = {str(f.validation_alias): f for f in Settings.model_fields.values() if f.validation_alias}
    written = yaml.safe_load((CHECKOUT / "docker-compose.yml").read_text(encoding="utf-8"))["x-clickvault"][
        "environment"
    ]
    for name in fields.keys() - own:
        default = fields[name].default
        text = ",".join(default) if isinstance(default, list | dict) else default
        assert written[name] == f"${{{name}:-{text}}}"
        for key, service in services(compose).items():
            if service["image"].startswith("clickvault-airflow:"):
                assert service["environment"][name] == str(text), key


def test_what_is_mounted_is_there(compose: dict[str, Any]) -> None:
    mounts = [str(v) for s in services(compose).values() for v in s.get("volumes", [])]
    named = compose["volumes"].keys()
    for mount in mounts:
        source = mount.split(":")[0]
        assert (
            source in named
            or (CHECKOUT / Path(source).relative_to("." if source.startswith(".") else CHECKOUT)).exists()
        )


def test_images_get_what_they_copy_and_nothing_else() -> None:
    """.dockerignore leaves everything out but what a Dockerfile names."""
    lines = (CHECKOUT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert "*" in lines
    copied = set()
    for file in (CHECKOUT / "docker").glob("*.Dockerfile"):
        for sources in re.findall(r"^COPY (?:--\S+ )*(.+) \S+$", file.read_text(encoding="utf-8"), re.MULTILINE):
            copied |= {source.split("/")[0] for source in sources.split()}
    assert {line[1:] for line in lines if line.startswith("!")} == copied


def test_the_files_are_of_today_s_form() -> None:
    for name in sorted(p.name for p in CHECKOUT.glob("docker-compose*.yml")):
        text = (CHECKOUT / name).read_text(encoding="utf-8")
        assert not re.search(r"^version:", text, re.MULTILINE), "long given up"
        assert "container_name" not in text, "two stacks could not run beside each other"
        assert "latest" not in text

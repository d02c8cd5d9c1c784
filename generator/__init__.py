"""The generator: events of a domain's world, broken ones among them, and the writers that send them.

    from clickvault.generator import FileWriter, GenerateOptions, generate

    manifest = generate(GenerateOptions(start, end, users=2_000, seed=7), registry, {"files": FileWriter("events")})

A world is a function of its seed, its size and its first day: same world and same range, same bytes. `worlds` says what a
world is and finds that of the domains that are on; `draws`, `rows`, `shapes` and `encode` are what one is made with, `dirt` what is
broken on purpose, `social` the world of the social network.
"""

from clickvault.generator.kafka_writer import KafkaWriter
from clickvault.generator.manifest import Delivered, Manifest
from clickvault.generator.options import WORLD_START, GenerateOptions, last
from clickvault.generator.run import generate
from clickvault.generator.send import send_files
from clickvault.generator.writers import Batch, FileWriter, S3Writer, Writer

__all__ = [
    "WORLD_START", "Batch", "Delivered", "FileWriter", "GenerateOptions", "KafkaWriter", "Manifest", "S3Writer",
    "Writer", "generate", "last", "send_files",
]  # fmt: skip

"""The generator: a synthetic social network that lives by the minute, and the writers that send its events.

    from generator import FileWriter, GenerateOptions, generate

    manifest = generate(GenerateOptions(start, end, users=2_000, seed=7), registry, {"files": FileWriter("events")})

A world is a function of its seed, its size and its first day: same world and same range, same bytes. Where to look:
`behaviour` has all rates and rhythms, `world`, `settings`, `ties`, `communities` and `circles` who is there and who
knows whom, `presence` when they come, `content`, `media` and `responses` what is published and what follows from it,
`money` and `ads` what is paid, `sessions` the pings that frame it all, `shapes` how rows become messages, `dirt` what is
broken on purpose.
"""

from generator.kafka_writer import KafkaWriter
from generator.manifest import Delivered, Manifest
from generator.options import WORLD_START, GenerateOptions, last
from generator.run import generate
from generator.send import send_files
from generator.writers import Batch, FileWriter, S3Writer, Writer, s3_client

__all__ = [
    "WORLD_START", "Batch", "Delivered", "FileWriter", "GenerateOptions", "KafkaWriter", "Manifest", "S3Writer",
    "Writer", "generate", "last", "s3_client", "send_files",
]  # fmt: skip

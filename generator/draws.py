"""Random draws and identities: everything that makes a world a function of its seed.

Each part of the simulation has a random stream of its own for each day, so that a day is the same whatever range is
asked for. Identities are hashes of counters, not draws: the id of user 17 needs no memory of how the world came to have
one.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Words = NDArray[np.uint64]
Bytes = NDArray[np.uint8]

MICRO = 1_000_000
MINUTE, HOUR, DAY = 60 * MICRO, 3_600 * MICRO, 86_400 * MICRO
"""Times are whole microseconds since the world began."""
NEVER = 1 << 62
"""The end of what does not end."""

_HEX = np.array(
    [int.from_bytes(f"{b:02x}".encode(), "little") for b in range(256)], dtype="<u2"
)  # two digits of a byte, in memory order
_DASHES = np.array([p for p in range(36) if p not in (8, 13, 18, 23)])


def stream(seed: int, part: str, day: int = 0) -> np.random.Generator:
    """The random stream of one part of the simulation on one day. PCG64 is the same on every machine."""
    entropy = [seed, day, *part.encode()]
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(entropy)))


def mix(values: Words) -> Words:
    """SplitMix64's finaliser: a bijection of 64 bits that looks random (Steele, Lea, Flood 2014)."""
    z = values + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def salt(seed: int, name: str) -> np.uint64:
    """64 bits for a namespace of a world."""
    return np.uint64(stream(seed, f"salt {name}").integers(0, 2**64, dtype=np.uint64))


def hashed(key: np.uint64, counters: Ints) -> Words:
    """64 well-mixed bits for each counter of a namespace."""
    return mix(mix(counters.astype(np.uint64)) ^ key)


def uuid_text(key: np.uint64, counters: Ints) -> Bytes:
    """The UUIDs (version 4 layout) of the counters of a namespace, as ASCII: shape (n, 36)."""
    high = hashed(key, counters)
    low = mix(high ^ key)
    high = (high & np.uint64(0xFFFFFFFFFFFF0FFF)) | np.uint64(0x4000)
    low = (low & np.uint64(0x3FFFFFFFFFFFFFFF)) | np.uint64(0x8000000000000000)
    raw = np.stack([high, low], axis=1).astype(">u8").view(np.uint8)
    digits = _HEX[raw].view(np.uint8)
    out = np.full((len(counters), 36), ord("-"), dtype=np.uint8)
    out[:, _DASHES] = digits
    return out


def texts(matrix: Bytes) -> list[str]:
    """The rows of an ASCII matrix as texts."""
    count, width = matrix.shape
    joined = matrix.tobytes().decode("ascii")
    return [joined[i : i + width] for i in range(0, count * width, width)]


def power_delay(rng: np.random.Generator, count: int, horizon: int, exponent: float) -> Ints:
    """Delays in microseconds with density x^-exponent on (0, horizon]; mean horizon (1-b)/(2-b) for exponent b."""
    delays: Floats = horizon * rng.random(count) ** (1.0 / (1.0 - exponent))
    return delays.astype(np.int64) + 1


def pick(rng: np.random.Generator, weights: Floats, count: int) -> Ints:
    """`count` indices drawn in proportion to weights, with replacement."""
    cumulative = np.cumsum(weights)
    found = np.searchsorted(cumulative, rng.random(count) * cumulative[-1], side="right")
    picked: Ints = np.minimum(found, len(weights) - 1).astype(np.int64)
    return picked


def chance(rng: np.random.Generator, count: int, probability: float | Floats) -> Bools:
    """`count` coin tosses."""
    tossed: Bools = rng.random(count) < probability
    return tossed


class Lists:
    """Lists by owner, stored flat: the members of owner i are `rows` between offsets i and i+1 (compressed rows)."""

    def __init__(self, owners: Ints, count: int) -> None:
        """`owners` has the owner of each member, `count` is the number of owners."""
        self.rows = np.argsort(owners, kind="stable")
        self.offsets = np.concatenate([[0], np.cumsum(np.bincount(owners, minlength=count))]).astype(np.int64)

    def sample(self, rng: np.random.Generator, owners: Ints) -> Ints:
        """One member for each owner named, evenly: an index into the arrays the lists were made from, or -1."""
        first = self.offsets[owners]
        size = self.offsets[owners + 1] - first
        at = first + (rng.random(len(owners)) * size).astype(np.int64)
        if not len(self.rows):
            return np.full(len(owners), -1, dtype=np.int64)
        found: Ints = np.where(size > 0, self.rows[np.minimum(at, len(self.rows) - 1)], -1).astype(np.int64)
        return found

"""Random datasets."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from hanse.dcat.model import Checksum, Dataset
from hanse.odrl.model import Offer
from tests.unit.odrl.strategies import terms, words

texts = st.lists(words, max_size=3, unique=True).map(tuple)
maybe = st.none() | words | st.sampled_from(["https://a.example/x", "urn:a:b"])
moments = st.none() | st.integers(0, 10**17).map(lambda tick: datetime(1000, 1, 1, tzinfo=UTC) + timedelta(microseconds=tick))
checksums = st.builds(Checksum, st.sampled_from(["sha256", "blake3"]), st.text("0123456789abcdef", min_size=64, max_size=64))

datasets = st.builds(
    Dataset,
    id=words,
    title=words,
    description=st.text(max_size=12),
    keywords=texts,
    theme=maybe,
    licence=maybe,
    language=texts,
    media_type=st.none() | words,
    byte_size=st.none() | st.integers(0, 10**15),
    files=st.none() | st.integers(0, 10**6),
    checksums=st.lists(checksums, max_size=2).map(tuple),
    version=st.none() | words,
    issued=moments,
    modified=moments,
    offers=st.lists(st.builds(Offer, id=words, terms=terms), min_size=1, max_size=2).map(tuple),
    formats=st.lists(words, min_size=1, max_size=2, unique=True).map(tuple),
)

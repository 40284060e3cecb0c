"""Random datasets."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from hanse.dcat.model import Agent, Checksum, Claim, Dataset, Measured, Period, Stated
from hanse.dcat.names import RAI_TERMS
from hanse.odrl.model import Offer
from tests.unit.odrl.strategies import terms, words

texts = st.lists(words, max_size=3, unique=True).map(tuple)
maybe = st.none() | words | st.sampled_from(["https://a.example/x", "urn:a:b"])
moments = st.none() | st.integers(0, 10**17).map(lambda tick: datetime(1000, 1, 1, tzinfo=UTC) + timedelta(microseconds=tick))
checksums = st.builds(Checksum, st.sampled_from(["sha256", "blake3"]), st.text("0123456789abcdef", min_size=64, max_size=64))

iris = st.sampled_from(
    ["https://a.example/x", "urn:a:b", "did:web:a.example", "http://publications.europa.eu/resource/authority/country/FRA"]
)
agents = st.builds(Agent, words, st.none() | iris, st.booleans()) | st.builds(Agent, st.just(""), iris)
periods = st.tuples(moments, moments).filter(any).map(lambda two: Period(*two))
stated = st.dictionaries(
    st.sampled_from(sorted(RAI_TERMS)), st.lists(words, min_size=1, max_size=2, unique=True).map(tuple), max_size=3
).map(lambda found: tuple(Stated(term, found[term]) for term in sorted(found)))

hashes = st.text("0123456789abcdef", min_size=64, max_size=64)
metrics = st.sampled_from(["urn:hanse:quality:completeness", "https://a.example/metrics#freshness"])
measured = st.builds(Measured, metrics, st.floats(allow_nan=False, allow_infinity=False), st.just("") | hashes)

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
    created=moments,
    creators=st.lists(agents, max_size=2, unique=True).map(tuple),
    publisher=st.none() | agents,
    landing_page=maybe,
    sources=texts,
    spatial=texts,
    temporal=st.none() | periods,
    conforms_to=texts,
    type=maybe,
    citation=st.text(max_size=12),
    rai=stated,
    measures=st.lists(measured, max_size=2).map(tuple),
    claims=st.lists(st.builds(Claim, hashes, words), max_size=1).map(tuple),
)

"""The random streams of a replicate."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from timbang.streams import STREAMS, stream_seed

SEEDS_OF_REPLICATE_0 = [
    3757552657,
    673228719,
    3241444873,
    3685993406,
    1216546553,
    2078861726,
    2471122328,
    23012616,
]


def test_streams_of_many_replicates_all_differ():
    seeds = [stream_seed(r, s) for r, s in itertools.product(range(500), STREAMS)]
    # 4,000 draws of 32 bits collide about once in 540 such tests; these do not.
    assert len(set(seeds)) == len(seeds)


def test_seeds_stay_the_same_for_ever():
    """A new numpy or a new stream must not change the results of an old study."""
    assert [stream_seed(0, s) for s in STREAMS] == SEEDS_OF_REPLICATE_0


@given(st.integers(0, 10**9), st.sampled_from(STREAMS))
def test_seed_is_taken_by_torch_and_scikit_learn(replicate, stream):
    seed = stream_seed(replicate, stream)
    assert type(seed) is int
    assert 0 <= seed < 2**32
    assert seed == stream_seed(replicate, stream)


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.sampled_from(STREAMS))
def test_replicates_differ(one, other, stream):
    assert (stream_seed(one, stream) == stream_seed(other, stream)) == (one == other)


def test_seeds_within_replicates_have_streams_of_their_own():
    seeds = [
        stream_seed(r, s, seed) for r, s, seed in itertools.product(range(60), STREAMS, range(20))
    ]
    assert len(set(seeds)) == len(seeds)
    assert [stream_seed(0, s, 0) for s in STREAMS] == SEEDS_OF_REPLICATE_0


@pytest.mark.parametrize(
    ("replicate", "stream", "seed"), [(-1, "split", 0), (0, "shuffle", 0), (0, "order", -1)]
)
def test_what_is_no_stream_is_refused(replicate, stream, seed):
    with pytest.raises(ValueError):
        stream_seed(replicate, stream, seed)

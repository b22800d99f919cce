"""Near-duplicates are found whatever was done to an image, and nothing else is."""

import io
import time
from functools import cache
from pathlib import Path

import imagehash
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageEnhance, ImageFont, ImageOps
from sklearn.datasets import load_digits, load_sample_image

from timbang.images import duplicates
from timbang.images.alignment import COARSE_SIDE, describe_change, shrink
from timbang.images.chains import judge_groups
from timbang.images.decoding import read_image
from timbang.images.duplicates import (
    choose_tree,
    group_near_duplicates,
    join_pairs,
)
from timbang.images.looks import LOOK, ORIENTATIONS, THUMBNAIL_SIDE, look_at, write_hash
from timbang.images.spots import make_words
from timbang.images.weighing import count_details, weigh_evidence

FOOD = Path(__file__).resolve().parents[3] / "shared" / "food"
DISTANCE, EVIDENCE = 12, 40


def photographs(side=120):
    """Return different parts of scikit-learn's two photographs, without those of plain sky."""
    parts = []
    for name in ("china.jpg", "flower.jpg"):
        image = Image.fromarray(load_sample_image(name))
        for top in range(0, image.height - side, side):
            for left in range(0, image.width - side, side):
                parts.append(image.crop((left, top, left + side, top + side)))
    return [part for part in parts if np.asarray(part.convert("L")).std() > 25]


def look(images):
    return np.array([look_at(image) for image in images], LOOK)


def group(images, distance=DISTANCE, evidence=EVIDENCE):
    return group_near_duplicates(look(images), distance, evidence)


def recompress(quality):
    def change(image):
        file = io.BytesIO()
        image.save(file, "JPEG", quality=quality)
        return Image.open(file).convert("RGB")

    return change


def crop(left=0.0, top=0.0, right=0.0, bottom=0.0):
    def change(image):
        width, height = image.size
        return image.crop(
            (
                round(left * width),
                round(top * height),
                round((1 - right) * width),
                round((1 - bottom) * height),
            )
        )

    return change


def write_over(image):
    changed = image.copy()
    font = ImageFont.load_default(image.height // 6)
    ImageDraw.Draw(changed).text((4, 4), "so good", "white", font, stroke_width=1)
    return changed


def put_beside(image):
    collage = Image.new("RGB", (2 * image.width, image.height), "white")
    collage.paste(image, (image.width, 0))
    collage.paste(Image.radial_gradient("L").resize(image.size), (0, 0))
    return collage


CHANGES = {
    "recompressed": recompress(20),
    "shrunk": lambda image: image.resize((60, 60), Image.Resampling.BICUBIC),
    "stretched": lambda image: image.resize((300, 200), Image.Resampling.BICUBIC),
    "brighter": lambda image: ImageEnhance.Brightness(image).enhance(1.2),
    "grey": lambda image: image.convert("L").convert("RGB"),
    "trimmed": crop(0.02, 0.02, 0.02, 0.02),
    "cropped all round": crop(0.1, 0.1, 0.1, 0.1),
    "a quarter cut off": crop(left=0.25),
    "foot cut off": crop(bottom=0.05),
    "cropped to half the area": crop(0.2, 0.1, 0.09, 0.19),
    "framed": lambda image: ImageOps.expand(image, 10, "yellow"),
    "turned a little": lambda image: image.rotate(3, Image.Resampling.BICUBIC),
    "written over": write_over,
    "in a collage": put_beside,
    "mirrored and cropped": lambda image: ImageOps.mirror(crop(0.1, 0.05, 0.0, 0.1)(image)),
} | {way.name: lambda image, way=way: image.transpose(way) for way in ORIENTATIONS[1:]}
# What no whole hash finds is missed where half of a picture is plain sky or out of focus.
WHOLE = {"recompressed", "shrunk", "stretched", "brighter", "grey"} | {
    way.name for way in ORIENTATIONS[1:]
}


@cache
def look_at_photographs(side):
    """Return the first parts of photographs, of which no two are joined, and their looks."""
    originals = photographs(side)[:12]
    looks = look(originals)
    alone = group_near_duplicates(looks, DISTANCE, EVIDENCE).groups
    assert len(set(alone)) == len(originals) >= 9
    return originals, looks


@pytest.mark.parametrize("name", CHANGES)
def test_changed_copy_joins_its_original_and_no_other(name):
    originals, looks = look_at_photographs(120 if name in WHOLE else 200)
    copies = look(map(CHANGES[name], originals))
    groups = group_near_duplicates(np.concatenate([looks, copies]), DISTANCE, EVIDENCE).groups
    joined = groups[: len(originals)] == groups[len(originals) :]
    assert joined.mean() >= (1 if name in WHOLE else 0.6)
    assert len(set(groups)) == len(originals) + (~joined).sum()


def test_digits_hold_no_duplicate():
    """The 1,797 digits are all different, though many have hashes two bits apart."""
    images = [
        Image.fromarray((255 - digit * 255 / 16).astype(np.uint8)).convert("RGB")
        for digit in load_digits().images
    ]
    assert len(set(group(images).groups)) == 1797


def test_food_photographs():
    """All that a distance of 4 finds, and what was cropped, framed or mirrored."""
    if not FOOD.exists():
        pytest.skip("the food images are not on this machine")
    table = pd.read_csv(FOOD / "train.csv")
    looks = look(read_image(FOOD / "images" / name)[0] for name in table["filename"])
    hashes = looks["hashes"]
    groups = group_near_duplicates(looks, DISTANCE, EVIDENCE).groups
    first, second = np.nonzero(np.bitwise_count(hashes[:, :1] ^ hashes[:, 0]) <= 4)
    assert (groups[first] == groups[second]).all()
    assert len(set(groups)) <= 530
    assert (table.groupby(groups)["label"].nunique() == 1).all()


def test_images_of_one_colour_are_no_near_duplicates():
    images = [Image.new("RGB", (50, 50), (grey, grey, grey)) for grey in (0, 100, 101, 255)]
    assert len(set(group(images).groups)) == 4


def test_hash_is_imagehashs():
    image = photographs()[0]
    assert write_hash(look_at(image)) == str(imagehash.phash(image))


def test_hash_of_what_is_shrunk_first_is_nearly_imagehashs():
    image = Image.fromarray(load_sample_image("china.jpg")).resize((1301, 875))
    own, theirs = (
        int(text, 16) for text in (write_hash(look_at(image)), str(imagehash.phash(image)))
    )
    assert (own ^ theirs).bit_count() <= 2


@pytest.mark.parametrize("place", range(8))
def test_hashes_are_of_each_orientation(place):
    image, way = photographs()[3], ORIENTATIONS[place]
    turned = image if way is None else image.transpose(way)
    assert np.bitwise_count(look_at(image)["hashes"][place] ^ look_at(turned)["hashes"][0]) <= 2


def test_many_pictures_of_one_colour_are_told_apart_in_little_time():
    """Three times what took more than 100 s: all have one hash, in every orientation."""
    look, count = look_at(Image.new("RGB", (8, 8), (10, 20, 30))), 3000
    start = time.process_time()
    many = np.tile(look, count)
    found = group_near_duplicates(many, DISTANCE, EVIDENCE)
    assert list(found.groups) == list(range(count))
    assert judge_groups(found.groups, many, found.links, EVIDENCE) == {}
    assert time.process_time() - start < 10


def test_pictures_of_few_details_are_joined_where_little_evidence_is_asked_for():
    """What is not looked at could not be joined, whatever the evidence."""
    slope = np.tile(np.arange(0, 192, 3, dtype=np.uint8), (64, 1))
    looks = look([Image.fromarray(slope).convert("RGB")] * 2)
    details = count_details(shrink(looks["thumbnail"], THUMBNAIL_SIDE // COARSE_SIDE))[0]
    assert 0 < details < 1
    highest = weigh_evidence(np.array([1.0]), np.array([details]))[0]
    for evidence, groups in ((0.9 * highest, 1), (1.1 * highest, 2)):
        found = group_near_duplicates(looks, DISTANCE, evidence)
        assert len(set(found.groups)) == groups


def test_empty_and_single():
    looks = look(photographs()[:1])
    assert list(group_near_duplicates(looks, DISTANCE, EVIDENCE).groups) == [0]
    nothing = group_near_duplicates(looks[:0], DISTANCE, EVIDENCE)
    assert len(nothing.groups) == 0
    assert nothing.closest.empty


def test_closest_pairs_lie_on_both_sides_of_the_criterion():
    originals = photographs()
    closest = group([*originals, *(crop(left=0.05)(image) for image in originals)], 16).closest
    assert (closest["first"] < closest["second"]).all()
    assert (closest["evidence"] >= EVIDENCE).any()


def test_threads_and_processes_change_nothing(monkeypatch):
    originals = photographs(200)[:6]
    looks = look([*originals, *map(CHANGES["framed"], originals)])
    one = group_near_duplicates(looks, DISTANCE, EVIDENCE, 1)
    monkeypatch.setattr(duplicates, "FEWEST_FOR_PROCESSES", 1)
    for workers in (1, 2):
        other = group_near_duplicates(looks, DISTANCE, EVIDENCE, workers)
        assert (one.groups == other.groups).all()
        for pairs, same in ((one.closest, other.closest), (one.links, other.links)):
            assert pairs.drop(columns="matrix").equals(same.drop(columns="matrix"))
            assert np.array_equal(np.stack([*pairs["matrix"]]), np.stack([*same["matrix"]]))


@given(st.data())
def test_joining_pairs_gives_connected_components(data):
    count = data.draw(st.integers(1, 30))
    places = st.integers(0, count - 1)
    pairs = data.draw(st.lists(st.tuples(places, places), max_size=40))
    groups = np.arange(count)
    join_pairs(groups, [first for first, _ in pairs], [second for _, second in pairs])
    reached = {place: {place} for place in range(count)}
    for first, second in pairs:
        both = reached[first] | reached[second]
        for place in both:
            reached[place] = both
    for first in range(count):
        for second in range(count):
            assert (groups[first] == groups[second]) == (second in reached[first])


CROPS = [crop(left=0.25), crop(0.1, 0.1, 0.1, 0.1), recompress(40), CHANGES["framed"]]


@pytest.fixture(scope="module")
def mixed():
    """Looks of photographs, and of two copies of each of some of them."""
    originals = photographs()
    copies = [
        change(image)
        for place, image in enumerate(originals[:8])
        for change in (CROPS[place % 4], CROPS[(place + 1) % 4])
    ]
    return look([*originals, *copies])


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=3, deadline=None)
def test_order_and_duplicates_change_no_group(mixed, seed):
    """Nor do images that are there twice."""
    before = group_near_duplicates(mixed, DISTANCE, EVIDENCE).groups
    order = np.random.default_rng(seed).permutation(np.r_[np.arange(len(mixed)), 0:5])
    after = group_near_duplicates(mixed[order], DISTANCE, EVIDENCE).groups
    assert len(set(before)) < len(mixed)
    assert len(set(zip(before[order], after, strict=True))) == len(set(before)) == len(set(after))


def test_links_hold_groups_together_and_tell_what_was_done():
    image = photographs(200)[2]
    mirrored = ImageOps.mirror(crop(left=0.1)(image))
    found = group([image, mirrored, photographs(200)[3]])
    assert list(found.groups) == [0, 0, 1]
    (link,) = found.links.to_dict("records")
    assert (link["first"], link["second"]) == (0, 1)
    assert link["evidence"] >= EVIDENCE
    change = describe_change(link["matrix"], image.size, mirrored.size)
    assert list(change) == ["mirrored", "cropped"]
    assert change["cropped"] == pytest.approx(10, abs=1)


@pytest.mark.parametrize("way", range(1, 8))
def test_orientations_are_told(way):
    image = photographs()[3]
    found = group([image, image.transpose(ORIENTATIONS[way])])
    change = describe_change(found.links["matrix"][0], image.size, image.size)
    turned = {1: [90], 2: [180, -180], 3: [-90], 4: [], 5: [180, -180], 6: [90, -90], 7: [90, -90]}
    expected = [*["mirrored"][: way > 3], *["turned"][: len(turned[way])]]
    assert list(change) == expected
    assert not turned[way] or change["turned"] in turned[way]


def test_a_spot_has_the_words_of_its_mirror_image():
    image = photographs()[3]
    spots, mirrored = (look(each)["spots"] for each in ([image], [ImageOps.mirror(image)]))
    for table in range(4):
        shared = np.isin(make_words(spots, table), make_words(mirrored, table))
        assert shared.mean() > 0.5


def test_details_of_known_pictures():
    """Noise has nearly half as many details as pixels; a flat picture and a wave have few."""
    random = np.random.default_rng(0)
    noise = random.normal(size=(1, 33, 33))
    wave = np.sin(2 * np.pi * 4 * np.arange(33) / 32) * np.ones((33, 1))
    details = count_details(np.stack([noise[0], wave, np.zeros((33, 33))]))
    assert 200 < details[0] <= 32 * 32 / 2
    assert details[1] == pytest.approx(1, rel=0.1)
    assert details[2] == 0


def test_evidence_is_the_mutual_information_of_gaussians():
    """Oracle: entropies of the two variables, minus that of both together."""
    for correlation in (0.1, 0.5, 0.9):
        covariance = np.array([[1, correlation], [correlation, 1]])
        entropy = np.log(2 * np.pi * np.e) / 2
        joint = np.log((2 * np.pi * np.e) ** 2 * np.linalg.det(covariance)) / 2
        assert weigh_evidence(np.array(correlation), np.array(7)) == pytest.approx(
            7 * (2 * entropy - joint)
        )
    assert weigh_evidence(np.array(-0.9), np.array(7)) == 0
    assert np.isfinite(weigh_evidence(np.array(1.0), np.array(7)))


@given(st.data())
def test_tree_holds_together_what_pairs_do_by_the_fewest_and_earliest(data):
    """As Kruskal's algorithm has it, a pair at a time."""
    places = st.integers(0, 12)
    pairs = data.draw(st.lists(st.tuples(places, places).filter(lambda pair: len({*pair}) > 1)))
    groups, expected = np.arange(13), []
    for number, (first, second) in enumerate(pairs):
        if groups[first] != groups[second]:
            expected.append(number)
            join_pairs(groups, [first], [second])
    first, second = np.array(pairs, dtype=int).reshape(-1, 2).T
    assert list(choose_tree(first, second)) == expected


def test_as_many_pairs_hold_groups_together_as_must():
    originals = photographs(200)[:6]
    copies = [change(image) for image in originals for change in CHANGES.values()]
    found = group([*originals, *copies])
    links = found.links
    assert len(links) == len(found.groups) - len(set(found.groups)) > 6
    assert (found.groups[links["first"]] == found.groups[links["second"]]).all()
    assert (links["first"] < links["second"]).all()


def test_window_that_slides_over_a_photograph_is_a_chain():
    """Neighbours are alike, the ends show nothing of each other."""
    image = Image.fromarray(load_sample_image("china.jpg"))
    assert is_chain([image.crop((left, 100, left + 300, 400)) for left in range(0, 300, 6)])


def test_collage_that_joins_two_photographs_makes_a_chain():
    one, other = photographs(200)[2:4]
    collage = Image.new("RGB", (400, 200))
    collage.paste(one, (0, 0))
    collage.paste(other, (200, 0))
    assert is_chain([one, other, collage, recompress(30)(one), recompress(30)(other)])


def test_copies_of_one_photograph_are_no_chain():
    """However few of them lie upon each other directly: half of such groups were called chains."""
    for image in photographs(200)[:3]:
        looks = look([image, *(change(image) for change in CHANGES.values())])
        found = group_near_duplicates(looks, DISTANCE, EVIDENCE)
        assert (found.groups == found.groups[0]).sum() > 15
        assert not judge_groups(found.groups, looks, found.links, EVIDENCE)[found.groups[0]]


def is_chain(images):
    """Return what is said of images that are of one group."""
    looks = look(images)
    found = group_near_duplicates(looks, DISTANCE, EVIDENCE)
    assert set(found.groups) == {0}
    return judge_groups(found.groups, looks, found.links, EVIDENCE)[0]

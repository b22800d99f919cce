"""Drawing groups of images at random so that every class keeps its share.

A group is never torn. A group of one class is *pure*, one of several classes is *mixed*. Both
ways of drawing place the mixed groups first, so that the pure ones can make up for them.

scikit-learn's StratifiedGroupKFold knows fractions of a whole number alone, and a large group is
always, or never, in its first fold (``benchmarks/draw_splits.py``).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

# More groups than any class has: no choice of groups makes this sum.
NEVER = np.int32(2**30)
# How often to draw anew, and to go through the mixed groups, where those are hard to place.
TRIES, SWEEPS = 20, 10
# A class that one side lacks weighs more than any class that is off its share.
MISSING = 1e6


@dataclass(frozen=True)
class Aim:
    """What to draw of each class.

    ``wanted`` float [C] is the number of images, ``slack`` float [C] how far off it a class may
    be for the sake of the whole, ``leave`` the number of groups of each class to leave at least.
    """

    wanted: np.ndarray
    slack: np.ndarray
    leave: int


@dataclass(frozen=True)
class Holdings:
    """Who holds how many images of which class.

    ``group_of`` int64 [N] numbers the groups from 0, image by image. The others, int64 and bool
    [M], have an entry for each class of each group, in the order of the groups: ``group``,
    ``label`` (the class), ``count`` (images) and ``pure`` (the group has no other class).
    """

    group_of: np.ndarray
    group: np.ndarray
    label: np.ndarray
    count: np.ndarray
    pure: np.ndarray


def draw_share(
    classes: np.ndarray, groups: np.ndarray, aim: Aim, random: np.random.Generator
) -> np.ndarray:
    """Draw whole groups so that each class comes as near as it can to a number of images.

    Of a class without mixed groups one group is drawn at least, and no other choice of its groups
    comes nearer than this, but for rounding. Large and small groups are drawn in the same
    proportion, so that each has about the same chance, unless only another choice comes near.

    Args:
        classes: int64 [N], the class of each image, from 0.
        groups: int64 [N], the group of each image.
        aim: what to draw.
        random: where chance comes from.

    Returns:
        bool [N], the images that are drawn. Where the groups do not allow it, a class may be
        missing among them or have fewer groups left than it should.
    """
    held = _count_holdings(classes, groups)
    is_mixed = np.isin(np.arange(len(aim.wanted)), held.label[~held.pure])
    best, lowest = np.zeros(0, dtype=bool), np.inf
    for number in range(TRIES):
        drawn = _draw_mixed(held, aim, random)
        # Turning mends what chance does to many mixed groups, but finds less among a few.
        if number % 2:
            _turn_mixed(held, aim, drawn, random)
        _draw_pure(held, aim, drawn, random)
        off = _judge(held, aim, drawn)[is_mixed].sum()
        if off < lowest:
            best, lowest = drawn, off
        if off == 0:
            break
    return best[held.group_of]


def deal_folds(
    classes: np.ndarray, groups: np.ndarray, folds: int, random: np.random.Generator
) -> np.ndarray:
    """Deal whole groups out to folds so that each class is spread evenly.

    The largest groups come first, each to the fold that has the least of its class, and then the
    least of all; then the fullest and the emptiest fold of a class share their groups anew, as
    long as that helps. The folds of a class without mixed groups differ by no more images than
    its largest group has. The folds are numbered at random, so that each group is as likely in
    any of them.

    Args:
        classes: int64 [N], the class of each image, from 0.
        groups: int64 [N], the group of each image.
        folds: how many folds.
        random: where chance comes from.

    Returns:
        int64 [N], the fold of each image, from 0.
    """
    held = _count_holdings(classes, groups)
    starts = np.flatnonzero(np.diff(held.group, prepend=-1))
    sizes = np.bincount(held.group_of)
    order = random.permutation(len(sizes))
    order = order[np.lexsort((-sizes[order], held.pure[starts[order]]))]
    entries = np.split(np.arange(len(held.group)), starts[1:])
    share = 1 / np.maximum(np.bincount(classes), 1)
    filled = np.zeros((folds, len(share)), dtype=np.int64)
    fold_of = np.zeros(len(sizes), dtype=np.int64)
    for group in order:
        label, count = held.label[entries[group]], held.count[entries[group]]
        fullness = filled[:, label] @ (count * share[label])
        fold = np.lexsort((filled.sum(axis=1), fullness))[0]
        filled[fold, label] += count
        fold_of[group] = fold
    _even_out(held, filled, fold_of, random)
    return random.permutation(folds)[fold_of][held.group_of]


def _count_holdings(classes: np.ndarray, groups: np.ndarray) -> Holdings:
    group_of = np.unique(groups, return_inverse=True)[1]
    class_count = classes.max() + 1
    entries, count = np.unique(group_of * class_count + classes, return_counts=True)
    group, label = np.divmod(entries, class_count)
    return Holdings(group_of, group, label, count, pure=np.bincount(group)[group] == 1)


def _judge(held: Holdings, aim: Aim, drawn: np.ndarray) -> np.ndarray:
    """Return how bad a draw is for each class, float [C]: 0 within its slack."""
    number = len(aim.wanted)
    taken = drawn[held.group]
    images = np.bincount(held.label[taken], held.count[taken], number)
    groups = np.bincount(held.label[taken], minlength=number)
    left = np.bincount(held.label[~taken], minlength=number)
    off = np.maximum(np.abs(images - aim.wanted) - aim.slack, 0) / aim.slack
    return off**2 + MISSING * ((groups < 1) | (left < aim.leave))


def _draw_mixed(held: Holdings, aim: Aim, random: np.random.Generator) -> np.ndarray:
    """Draw mixed groups, the largest first, each with the chance of what its classes still lack.

    Returns:
        bool [groups], the groups that are drawn.
    """
    sizes = np.bincount(held.group_of)
    drawn = np.zeros(len(sizes), dtype=bool)
    entries = _find_mixed(held)
    lack = aim.wanted.copy()
    rest = np.bincount(held.label, held.count, len(lack))
    names = random.permutation(np.array(list(entries), dtype=np.int64))
    for name in names[np.argsort(-sizes[names], kind="stable")]:
        label, count = held.label[entries[name]], held.count[entries[name]]
        drawn[name] = random.random() * sizes[name] < count @ (lack[label] / rest[label])
        rest[label] -= count
        lack[label] -= count * drawn[name]
    return drawn


def _turn_mixed(held: Holdings, aim: Aim, drawn: np.ndarray, random: np.random.Generator) -> None:
    """Turn mixed groups round in ``drawn``, as long as pure ones could then make up for more."""
    number = len(aim.wanted)
    entries = _find_mixed(held)
    is_drawn = drawn[held.group]
    images = np.bincount(held.label[is_drawn], held.count[is_drawn], number)
    groups = np.bincount(held.label[is_drawn], minlength=number)
    all_groups = np.bincount(held.label, minlength=number)
    pure_groups = np.bincount(held.label[held.pure], minlength=number)
    pure_images = np.bincount(held.label[held.pure], held.count[held.pure], number)

    def cost(label: np.ndarray, images: np.ndarray, groups: np.ndarray) -> float:
        over = images - aim.wanted[label]
        off = np.maximum(np.maximum(over, -over - pure_images[label]), 0) / aim.slack[label]
        too_few = (groups + pure_groups[label] < 1) | (all_groups[label] - groups < aim.leave)
        return float(off @ off + MISSING * too_few.sum())

    for _ in range(SWEEPS):
        helped = False
        for name in random.permutation(list(entries)):
            label, count = held.label[entries[name]], held.count[entries[name]]
            sign = -1 if drawn[name] else 1
            turned = images[label] + sign * count, groups[label] + sign
            if cost(label, *turned) < cost(label, images[label], groups[label]):
                images[label], groups[label] = turned
                drawn[name] = not drawn[name]
                helped = True
        if not helped:
            break


def _find_mixed(held: Holdings) -> dict[int, np.ndarray]:
    """Return the entries of each mixed group, by its number."""
    mixed = np.flatnonzero(~held.pure)
    parts = np.split(mixed, np.flatnonzero(np.diff(held.group[mixed])) + 1)
    return {int(held.group[part[0]]): part for part in parts if len(part)}


def _even_out(
    held: Holdings, filled: np.ndarray, fold_of: np.ndarray, random: np.random.Generator
) -> None:
    """Share the pure groups of a class anew between its fullest and its emptiest fold.

    Args:
        held: who holds how many images.
        filled: int64 [folds, C], the images of each class in each fold; it is changed.
        fold_of: int64 [groups], the fold of each group; it is changed.
        random: where chance comes from.
    """
    for label in np.flatnonzero(np.ptp(filled, axis=0) > 1):
        own = np.flatnonzero(held.pure & (held.label == label))
        for _ in range(SWEEPS):
            full, empty = filled[:, label].argmax(), filled[:, label].argmin()
            pool = own[np.isin(fold_of[held.group[own]], (full, empty))]
            in_empty = fold_of[held.group[pool]] == empty
            half = (filled[full, label] - filled[empty, label]) / 2
            wanted = held.count[pool[in_empty]].sum() + half
            chosen = _draw_sizes(held.count[pool], wanted, wanted, 0, 0, len(pool), random)
            more = held.count[pool[chosen]].sum() - held.count[pool[in_empty]].sum()
            if abs(more - half) >= half:
                break
            fold_of[held.group[pool]] = np.where(chosen, empty, full)
            filled[full, label] -= more
            filled[empty, label] += more


def _draw_pure(held: Holdings, aim: Aim, drawn: np.ndarray, random: np.random.Generator) -> None:
    """Draw pure groups of each class, marked in ``drawn``, beside the mixed ones drawn before."""
    rounded = _round_together(aim.wanted, random)
    order = np.argsort(held.label, kind="stable")
    ends = np.searchsorted(held.label[order], np.arange(1, len(rounded)))
    for label, entries in enumerate(np.split(order, ends)):
        before = entries[drawn[held.group[entries]]]
        pure = entries[held.pure[entries]]
        chosen = _draw_sizes(
            held.count[pure],
            wanted=aim.wanted[label] - held.count[before].sum(),
            rounded=rounded[label] - held.count[before].sum(),
            slack=aim.slack[label],
            least=int(len(before) == 0),
            most=len(entries) - len(before) - aim.leave,
            random=random,
        )
        drawn[held.group[pure[chosen]]] = True


def _round_together(wanted: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Round each number up or down at random, its mean kept, so that the sum is rounded too."""
    order = random.permutation(len(wanted))
    ends = np.floor(np.cumsum(wanted[order]) + random.random())
    rounded = np.empty(len(wanted))
    rounded[order] = np.diff(ends, prepend=0)
    return rounded


def _draw_sizes(
    sizes: np.ndarray,
    wanted: float,
    rounded: float,
    slack: float,
    least: int,
    most: int,
    random: np.random.Generator,
) -> np.ndarray:
    """Draw from groups of given sizes at least ``least`` images and at most ``most`` groups.

    Together they make ``rounded``, if that is within ``slack`` of ``wanted`` or nothing else is;
    if not, what comes nearest to ``wanted``.

    Returns:
        bool [len(sizes)], the groups that are drawn; none where none will do.
    """
    chosen = np.zeros(len(sizes), dtype=bool)
    distinct, counts = np.unique(sizes, return_counts=True)
    fewest = _find_fewest(distinct, counts)
    sums = np.flatnonzero(fewest[-1] <= most)
    sums = sums[sums >= least]
    if not len(sums):
        return chosen
    nearest = sums[np.abs(sums - wanted).argmin()]
    may_round = abs(rounded - wanted) <= slack or abs(nearest - wanted) > slack
    lack = int(rounded) if may_round and rounded in sums else int(nearest)
    rest = int(sizes.sum())
    for place in reversed(range(len(distinct))):
        size, count = int(distinct[place]), int(counts[place])
        numbers = np.arange(min(count, lack // size) + 1)
        numbers = numbers[fewest[place][lack - numbers * size] <= most - numbers]
        fair = count * lack / rest + random.random() - 0.5
        number = int(numbers[np.abs(numbers - fair).argmin()])
        chosen[random.choice(np.flatnonzero(sizes == size), number, replace=False)] = True
        lack -= number * size
        rest -= count * size
        most -= number
    return chosen


def _find_fewest(sizes: np.ndarray, counts: np.ndarray) -> list[np.ndarray]:
    """Find which sums groups can make, and of how many groups at the least.

    Args:
        sizes: int64 [S], the distinct sizes of groups.
        counts: int64 [S], how many groups have each size.

    Returns:
        S + 1 arrays int32 [images + 1]: entry s of the i-th is the smallest number of groups of
        the first i sizes that hold s images together, or ``NEVER``.
    """
    fewest = np.full(int(sizes @ counts) + 1, NEVER)
    fewest[0] = 0
    stages = [fewest]
    for size, count in zip(sizes, counts, strict=True):
        fewest = fewest.copy()
        for some in _split_count(int(count)):
            step = some * int(size)
            fewest[step:] = np.minimum(fewest[step:], fewest[:-step] + some)
        stages.append(fewest)
    return stages


def _split_count(count: int) -> Iterator[int]:
    """Yield numbers whose sums are all those from 0 to ``count``: 1, 2, 4, ... and a rest."""
    some = 1
    while count:
        yield min(some, count)
        count -= min(some, count)
        some *= 2

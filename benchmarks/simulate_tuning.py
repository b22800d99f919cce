"""What tuning adds to the luck of a comparison: studies of tuned contenders with a known truth.

    python benchmarks/simulate_tuning.py                # 1,000 studies a setting, 7 minutes
    python benchmarks/simulate_tuning.py --studies 100

A pool of 1,400 images; each of seven replicates splits off 280 to be scored on and 224 to choose
by. A contender answers an image right with a probability that its smooth random landscape over two
hyperparameters gives, harder or easier by image, and for each contender and recipe differently. A
run is better or worse by luck, and the answers are right or wrong at random; their sum is taken as
normal. Eight trials have the same recipes, scrambled Sobol points, in all replicates and for both
contenders, or recipes drawn anew in each replicate.

Choices: in each replicate by its inner part (nested), once for the study by the mean over the inner
parts, or by the very images that are scored on (peeking), with the trial's own score or after
training anew. The truth of nested choice is what fresh replicates give, that of the others what the
recipes that they choose give, of these images or of images like these; among these recipes, or in
the mean over fresh scrambles. False is a decision by the plain t and the margin where that truth is
taken for none.
"""

import argparse
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from scipy import special
from scipy.stats import qmc

POOL, OUTER, INNER = 1400, 280, 224
REPLICATES, MARGIN = 7, 0.02
# Fresh replicates with the study's recipes, and fresh sets of recipes, from which truths come.
FRESH, SCRAMBLES = 200, 50
# In units of the standard normal: how hard an image is, and for a contender and recipe by itself.
HARD, OWN, OWN_BY_RECIPE = 1.0, 0.35, 0.35
LEVEL = 1.1
FEATURES = 12
CRITICAL = float(special.stdtrit(REPLICATES - 1, 0.975))
LEVEL_OF_TEST = 0.05


@dataclass(frozen=True)
class Setting:
    """How contenders differ by recipe.

    ``spread`` is that of the landscape in units of the standard normal (0.27 are 5 points of
    accuracy), ``length`` the distance in the unit square over which it changes, ``luck`` the
    standard deviation of a run's accuracy; each of the first and the second contender.
    """

    name: str
    trials: int = 8
    spread: tuple[float, float] = (0.27, 0.27)
    length: tuple[float, float] = (0.4, 0.4)
    luck: tuple[float, float] = (0.015, 0.015)


SETTINGS = (
    Setting("alike"),
    Setting("alike, flat", spread=(0.08, 0.08)),
    Setting("second wider and rougher", spread=(0.13, 0.54), length=(0.4, 0.2)),
    Setting("second less stable", spread=(0.13, 0.13), luck=(0.01, 0.04)),
    Setting("alike, 16 trials", trials=16),
)


@dataclass(frozen=True)
class World:
    """A pool of images and two contenders on it.

    ``frequencies`` float [2, K, 2] and ``phases`` [2, K] make smooth features of a recipe,
    ``slopes`` [2, K] the landscape of them, ``images`` [2, pool, K] what images make of them;
    ``hard`` [2, pool] is how easy an image is whatever the recipe; the last two are float32.
    """

    setting: Setting
    frequencies: np.ndarray
    phases: np.ndarray
    slopes: np.ndarray
    images: np.ndarray
    hard: np.ndarray

    def find_chances(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return float32 [S, pool, 2, T], and float [S, 2, T] for images like these.

        Args:
            points: float [S, T, 2], sets of recipes.
        """
        inner = np.einsum("ckd,std->ctsk", self.frequencies, points)
        features = math.sqrt(2 / FEATURES) * np.cos(inner + self.phases[:, None, None])
        levels = LEVEL + np.einsum("ctsk,ck->sct", features, self.slopes)
        own = self.images @ features.reshape(2, -1, FEATURES).transpose(0, 2, 1).astype(np.float32)
        latent = own + self.hard[:, :, None]
        latent = latent.reshape(2, POOL, -1, len(points)).transpose(3, 1, 0, 2)
        latent = latent + levels[:, None].astype(np.float32)
        # The features of a point have a mean square near 1, not 1.
        varies = 1 + HARD**2 + OWN**2 + OWN_BY_RECIPE**2 * np.square(features).sum(axis=3)
        like = special.ndtr(levels / np.sqrt(varies.transpose(2, 0, 1)))
        return special.ndtr(latent), like


def draw_world(setting: Setting, random: np.random.Generator) -> World:
    """Return a pool and the landscapes of two contenders."""
    lengths, spreads = np.array(setting.length), np.array(setting.spread)
    own = random.standard_normal((2, POOL))
    return World(
        setting,
        random.standard_normal((2, FEATURES, 2)) / lengths[:, None, None],
        random.uniform(0, 2 * math.pi, (2, FEATURES)),
        spreads[:, None] * random.standard_normal((2, FEATURES)),
        np.float32(OWN_BY_RECIPE) * random.standard_normal((2, POOL, FEATURES), dtype=np.float32),
        (HARD * random.standard_normal(POOL) + OWN * own).astype(np.float32),
    )


def draw_points(sets: int, trials: int, random: np.random.Generator) -> np.ndarray:
    """Return float [sets, T, 2]: scrambled Sobol points."""
    return np.array([qmc.Sobol(2, rng=random).random(trials) for _ in range(sets)])


@dataclass(frozen=True)
class Splits:
    """Which images a replicate scores on and chooses by: shares float32 [replicates, pool]."""

    outer: np.ndarray
    inner: np.ndarray

    def draw(self, sets: int, count: int, random: np.random.Generator) -> "Splits":
        """Return [sets, count, pool] of these splits."""
        chosen = random.integers(len(self.outer), size=(sets, count))
        return Splits(self.outer[chosen], self.inner[chosen])


def draw_splits(count: int, random: np.random.Generator) -> Splits:
    """Return splits; images are alike in law, so that the same ones serve all pools."""
    order = random.random((count, POOL)).argsort(axis=1)
    outer, inner = np.zeros((2, count, POOL), dtype=np.float32)
    np.put_along_axis(outer, order[:, :OUTER], 1 / OUTER, axis=1)
    np.put_along_axis(inner, order[:, OUTER : OUTER + INNER], 1 / INNER, axis=1)
    return Splits(outer, inner)


@dataclass(frozen=True)
class Scores:
    """Accuracies float [S, J, 2, T]: by sets of recipes, replicate, contender and recipe.

    ``inner`` and ``trial`` are a trial's on the inner and outer images, ``final`` that of a run on
    the whole training part, ``expected`` what the outer images give without luck.
    """

    inner: np.ndarray
    trial: np.ndarray
    final: np.ndarray
    expected: np.ndarray


def score(world: World, chances: np.ndarray, splits: Splits, random: np.random.Generator) -> Scores:
    """Return the scores of runs on these splits, one set of recipes after the other."""
    sets, _, _, trials = chances.shape
    flat = chances.reshape(sets, POOL, -1)
    shape = (*splits.outer.shape[:2], 2, trials)
    parts = []
    for shares, size in ((splits.inner, INNER), (splits.outer, OUTER)):
        mean = (shares @ flat).reshape(shape)
        noise = np.sqrt((shares @ (flat * (1 - flat))).reshape(shape) / size)
        parts.append((mean, noise))
    (inner, inner_noise), (outer, outer_noise) = parts
    luck, final_luck = np.array(world.setting.luck)[:, None] * random.standard_normal((2, *shape))
    rounds = random.standard_normal((3, *shape))
    return Scores(
        inner + luck + inner_noise * rounds[0],
        outer + luck + outer_noise * rounds[1],
        outer + final_luck + outer_noise * rounds[2],
        outer,
    )


def take(values: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Return the values of the chosen recipes: float [..., T] and int [...]."""
    values = np.broadcast_to(values, (*chosen.shape, values.shape[-1]))
    return np.take_along_axis(values, chosen[..., None], axis=-1)[..., 0]


@dataclass(frozen=True)
class Tuned:
    """A study's tuned accuracies by one way to choose, and what is true of them.

    ``scores`` float [J, 2]; ``these``, ``like`` float [2] with these recipes, for these images and
    images like these; ``any_recipes`` float [2] over fresh scrambles, for these images.
    """

    scores: np.ndarray
    these: np.ndarray
    like: np.ndarray
    any_recipes: np.ndarray

    def covers(self, truth: np.ndarray) -> bool:
        """Whether the 95 % interval of the difference of second and first holds this truth."""
        return abs(self.shift(truth).mean()) <= self.reach

    def decides(self, truth: np.ndarray) -> bool:
        """Whether something would be decided if this truth were that the two are equal."""
        return not self.covers(truth) and abs(self.shift(truth).mean()) >= MARGIN

    def shift(self, truth: np.ndarray) -> np.ndarray:
        """Return the differences [J] with the truth taken away."""
        return self.scores[:, 1] - self.scores[:, 0] - (truth[1] - truth[0])

    @property
    def reach(self) -> float:
        """The half width of the plain t."""
        differences = self.scores[:, 1] - self.scores[:, 0]
        return CRITICAL * float(differences.std(ddof=1)) / math.sqrt(len(differences))


NESTED, ONCE, ANEW, DEFAULT = "nested", "once", "nested, recipes anew", "default"
PEEKING, RETRAINED = "peeking, trial's score", "peeking, trained anew"
WAYS = (NESTED, ONCE, RETRAINED, PEEKING)


@dataclass(frozen=True)
class Study:
    """A study by each way to choose; ``luck`` is the variance of the true difference by scramble.

    ``gains`` float [2] is what the best of a contender's recipes has more than the default.
    """

    tuned: dict[str, Tuned]
    luck: float
    gains: np.ndarray


def simulate(setting: Setting, studies: int) -> Iterator[Study]:
    """Yield studies of a setting."""
    random = np.random.default_rng(0)
    bank = draw_splits(1000, random)
    for _ in range(studies):
        yield draw_study(draw_world(setting, random), bank, random)


def choose(scores: Scores) -> dict[str, np.ndarray]:
    """Return int [S, J, 2]: which recipe each way chooses."""
    nested, peeking = scores.inner.argmax(axis=-1), scores.trial.argmax(axis=-1)
    once = np.broadcast_to(scores.inner.mean(axis=1, keepdims=True).argmax(-1), nested.shape)
    return {NESTED: nested, ONCE: once, RETRAINED: peeking, PEEKING: peeking}


def find_truths(
    chosen: dict[str, np.ndarray], scores: Scores, values: np.ndarray
) -> dict[str, np.ndarray]:
    """Return float [S, J, 2]: what the chosen recipes give without luck.

    By nested choice that is on the outer images, which had no say; by the others in ``values``
    float [S, 2, T], the accuracy of recipes on all images.
    """
    return {
        way: take(scores.expected if way == NESTED else values[:, None], own)
        for way, own in chosen.items()
    }


def draw_study(world: World, bank: Splits, random: np.random.Generator) -> Study:
    """Return a study with its truths."""
    trials = world.setting.trials
    points = draw_points(1, trials, random)
    with_default = np.concatenate([points, np.full((1, 1, 2), 0.5)], axis=1)
    chances, like = world.find_chances(with_default)
    values = chances.mean(axis=1)
    runs = score(world, chances, bank.draw(1, REPLICATES, random), random)
    default = runs.final[0, :, :, -1]
    runs = Scores(*(own[..., :-1] for own in (runs.inner, runs.trial, runs.final, runs.expected)))
    chosen = choose(runs)
    fresh = score(world, chances[..., :-1], bank.draw(1, FRESH, random), random)
    fresh_chosen = choose(fresh)
    fresh_truths = find_truths(fresh_chosen, fresh, values[..., :-1])

    other_chances, _ = world.find_chances(draw_points(SCRAMBLES, trials, random))
    others = score(world, other_chances, bank.draw(SCRAMBLES, REPLICATES, random), random)
    other_truths = find_truths(choose(others), others, other_chances.mean(axis=1))

    tuned = {}
    for way in WAYS:
        final = runs.trial if way == PEEKING else runs.final
        # What is chosen once is a recipe; otherwise it is a way to choose that is asked about.
        asked = chosen[ONCE] if way == ONCE else fresh_chosen[way]
        these = take(values[:, None, :, :-1], asked) if way == ONCE else fresh_truths[way]
        tuned[way] = Tuned(
            take(final, chosen[way])[0],
            these.mean(axis=(0, 1)),
            take(like[:, None, :, :-1], asked).mean(axis=(0, 1)),
            other_truths[way].mean(axis=(0, 1)),
        )
    tuned[DEFAULT] = Tuned(default, values[0, :, -1], like[0, :, -1], values[0, :, -1])
    tuned[ANEW] = tune_anew(world, bank, tuned[NESTED].any_recipes, random)
    differences = other_truths[NESTED][..., 1] - other_truths[NESTED][..., 0]
    within = float(differences.var(axis=1, ddof=1).mean()) / REPLICATES
    luck = float(differences.mean(axis=1).var(ddof=1)) - within
    return Study(tuned, luck, values[0, :, :-1].max(axis=-1) - values[0, :, -1])


def tune_anew(
    world: World, bank: Splits, any_recipes: np.ndarray, random: np.random.Generator
) -> Tuned:
    """Return nested choice from recipes that each replicate draws anew."""
    chances, like = world.find_chances(draw_points(REPLICATES, world.setting.trials, random))
    runs = score(world, chances, bank.draw(REPLICATES, 1, random), random)
    fresh = score(world, chances, bank.draw(REPLICATES, FRESH // 4, random), random)
    chosen = choose(fresh)[NESTED]
    return Tuned(
        take(runs.final, choose(runs)[NESTED])[:, 0],
        take(fresh.expected, chosen).mean(axis=(0, 1)),
        take(like[:, None], chosen).mean(axis=(0, 1)),
        any_recipes,
    )


def show_bias(studies: list[Study], way: str) -> str:
    """Return the biases in points: of the accuracies and of their difference."""
    found = []
    for truth in ("these", "like"):
        own = [study.tuned[way] for study in studies]
        bias = np.array([one.scores.mean(axis=0) - getattr(one, truth) for one in own])
        found += [bias.mean(axis=0), bias[:, 1] - bias[:, 0]]
    shown = [
        f"{100 * own[0]:+z.1f}, {100 * own[1]:+z.1f} | {100 * apart.mean():+z.1f}"
        for own, apart in zip(found[::2], found[1::2], strict=True)
    ]
    return " | ".join(shown)


def share(tuned: list[Tuned], ask: Callable[[Tuned, np.ndarray], bool]) -> str:
    """Return how often something holds of the truth with these recipes, and of that with any."""
    rates = [
        np.mean([ask(one, getattr(one, truth)) for one in tuned])
        for truth in ("these", "any_recipes")
    ]
    return ", ".join(f"{own:.3f}" for own in rates)


def print_ways(settings: dict[Setting, list[Study]]) -> None:
    """Print one line a setting and way to choose."""
    print(
        "| setting, chosen | bias of first, second: these images | of difference | images like "
        "these | of difference | covers, these recipes, any | false, these recipes, any "
        "| half width | truth above the default's |"
    )
    print("|" + "---|" * 9)
    for setting, studies in settings.items():
        for way in WAYS:
            own = [study.tuned[way] for study in studies]
            covers, false = share(own, Tuned.covers), share(own, Tuned.decides)
            width = 100 * np.mean([one.reach for one in own])
            pairs = [(study.tuned[way].these, study.tuned[DEFAULT].these) for study in studies]
            gains = 100 * np.mean([one - other for one, other in pairs], axis=0)
            shown = f"{covers} | {false} | {width:.1f} | {gains[0]:.1f}, {gains[1]:.1f}"
            print(f"| {setting.name}: {way} | {show_bias(studies, way)} | {shown} |")


def print_recipes(settings: dict[Setting, list[Study]]) -> None:
    """Print one line a setting and design: the same recipes in all replicates, or recipes anew."""
    print(
        "| setting, recipes | shared luck, standard error | covers, these recipes, any "
        "| false, these recipes, any | half width | best recipe above the default |"
    )
    print("|" + "---|" * 6)
    for setting, studies in settings.items():
        luck = 100 * math.sqrt(max(0.0, float(np.mean([study.luck for study in studies]))))
        gains = 100 * np.mean([study.gains for study in studies], axis=0)
        for way, name in ((NESTED, "the same"), (ANEW, "anew")):
            own = [study.tuned[way] for study in studies]
            covers, false = share(own, Tuned.covers), share(own, Tuned.decides)
            reaches = 100 * np.array([one.reach for one in own])
            error = math.sqrt(float(np.square(reaches).mean())) / CRITICAL
            print(
                f"| {setting.name}: {name} | {luck if way == NESTED else 0:.1f}, {error:.1f} "
                f"| {covers} | {false} | {reaches.mean():.1f} | {gains[0]:.1f}, {gains[1]:.1f} |"
            )


def find_p(tuned: Tuned) -> float:
    """Return the two-sided p of no difference where the truth is that there is none."""
    shifted = tuned.shift(tuned.these)
    seen = abs(shifted.mean()) / (tuned.reach / CRITICAL)
    return float(2 * special.stdtr(REPLICATES - 1, -seen))


def print_families(settings: dict[Setting, list[Study]]) -> None:
    """Print one line a setting: false decisions where default and tuned are both tested."""
    print("| setting | tuned alone | default alone | either | either, Holm |")
    print("|---|---|---|---|---|")
    for setting, studies in settings.items():
        pairs = [(study.tuned[NESTED], study.tuned[DEFAULT]) for study in studies]
        p_values = np.array([[find_p(own) for own in pair] for pair in pairs])
        large = np.array([[abs(one.shift(one.these).mean()) >= MARGIN for one in p] for p in pairs])
        alone = (p_values <= LEVEL_OF_TEST) & large
        # Of two, Holm's first step halves the level; the second asks only after a first decision.
        both = (p_values <= LEVEL_OF_TEST / 2) & large
        rates = (alone[:, 0], alone[:, 1], alone.any(axis=1), both.any(axis=1))
        print(f"| {setting.name} | {' | '.join(f'{own.mean():.3f}' for own in rates)} |")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--studies", type=int, default=1000)
    studies = parser.parse_args().studies
    settings = {own: list(simulate(own, studies)) for own in SETTINGS}
    for show in (print_ways, print_recipes, print_families):
        show(settings)
        print()


if __name__ == "__main__":
    main()

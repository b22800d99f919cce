"""The scenarios: what is planted, and what the report must conclude from it."""

from results import Plant, Scenario

UP, DOWN, ZERO, OPEN = 0.2, -0.2, 0.0, "open"
EFFECTS = {"helps": UP, "hurts": DOWN, "does nothing": ZERO, "is lost in noise": OPEN}
SUPPORTED, REFUTED, INCONCLUSIVE, NOT_TESTED = (
    "supported",
    "refuted",
    "inconclusive",
    "not_tested",
)


def plant(effect, **more):
    """Plant an effect; one that is lost in noise has a mean near zero and a wide spread."""
    return Plant(noisy=True, **more) if effect == OPEN else Plant(effect, **more)


def both_higher(first, second):
    """Return the verdict on claim 11, that both modifications are above ResNet-34."""
    if DOWN in (first, second) or ZERO in (first, second):
        return REFUTED
    return INCONCLUSIVE if OPEN in (first, second) else SUPPORTED


def plain_is_lower(effect):
    """Return the verdict on claim 1."""
    return {DOWN: SUPPORTED, UP: REFUTED, ZERO: REFUTED, OPEN: INCONCLUSIVE}[effect]


def list_effects():
    """Every combination of what the shortcut, the paths and pre-activation may do."""
    for residual, plain in (("helps", DOWN), ("hurts", UP), ("does nothing", ZERO), ("?", OPEN)):
        for paths, multipath in EFFECTS.items():
            for order, preact in EFFECTS.items():
                yield Scenario(
                    f"residual {residual}, paths: {paths}, pre-activation: {order}",
                    {
                        "plain34": plant(plain),
                        "resnet34": Plant(),
                        "multipath34": plant(multipath),
                        "preact34": plant(preact),
                    },
                    {"1": plain_is_lower(plain), "11": both_higher(multipath, preact)},
                )


def list_designs():
    """Few replicates, fixed splits, ties, divergence, missing contenders, the published numbers."""
    four = {
        "plain34": Plant(DOWN),
        "resnet34": Plant(),
        "multipath34": Plant(DOWN),
        "preact34": Plant(UP),
    }
    for count in (1, 2, 3, 4):
        yield Scenario(
            f"{count} replicates", four, {"1": INCONCLUSIVE, "11": INCONCLUSIVE}, replicates=count
        )
    yield Scenario("ten replicates", four, {"1": SUPPORTED, "11": REFUTED}, replicates=10)
    yield Scenario(
        "five replicates of one split cannot decide greater",
        four,
        {"1": INCONCLUSIVE},
        replicates=5,
        fixed=True,
    )
    yield Scenario("seven replicates of one split", four, {"1": SUPPORTED}, fixed=True)
    exact = {name: Plant(own.effect, exact=True) for name, own in four.items()}
    yield Scenario("differences without any spread", exact, {"1": SUPPORTED, "11": REFUTED})
    ties = dict.fromkeys(four, Plant(exact=True))
    yield Scenario("ties", ties, {"1": REFUTED, "11": REFUTED})
    everyone = tuple(range(7))
    yield Scenario(
        "the plain network always diverges",
        four | {"plain34": Plant(diverged=everyone)},
        {"1": SUPPORTED},
    )
    yield Scenario(
        "the reference always diverges",
        four | {"resnet34": Plant(diverged=everyone)},
        {"1": SUPPORTED, "11": REFUTED},
    )
    yield Scenario(
        "everything diverges",
        dict.fromkeys(four, Plant(diverged=everyone)),
        {"1": INCONCLUSIVE, "11": INCONCLUSIVE},
    )
    yield Scenario(
        "the plain network diverges three times",
        four | {"plain34": Plant(DOWN, diverged=(0, 2, 5))},
        {"1": SUPPORTED},
    )
    yield Scenario(
        "pre-activation diverges once",
        four | {"preact34": Plant(UP, diverged=(3,)), "multipath34": Plant(UP)},
        {"1": SUPPORTED, "11": INCONCLUSIVE},
    )
    near = four | {"plain34": Plant(-0.05)}
    yield Scenario(
        "the images alone make the difference", near, {"1": INCONCLUSIVE}, noise="images"
    )
    yield Scenario("the runs alone make the difference", near, {"1": SUPPORTED}, noise="runs")
    yield Scenario(
        "the images alone make it, and these are asked for",
        near,
        {"1": SUPPORTED},
        noise="images",
        about="these_images",
    )
    yield Scenario(
        "a difference just below the margin", four | {"plain34": Plant(-0.015)}, {"1": INCONCLUSIVE}
    )
    yield Scenario(
        "one replicate, which diverges",
        dict.fromkeys(four, Plant(diverged=(0,))),
        {"1": INCONCLUSIVE},
        replicates=1,
    )
    for missing in ("plain34", "multipath34", "preact34"):
        there = {name: own for name, own in four.items() if name != missing}
        number = "1" if missing == "plain34" else "11"
        yield Scenario(f"without {missing}", there, {number: NOT_TESTED})
    yield Scenario("the reference alone", {"resnet34": Plant()}, {"1": NOT_TESTED})
    published = {"plain34": 0.6802, "resnet34": 0.7838, "multipath34": 0.5991, "preact34": 0.6441}
    for shown in (False, True):
        yield Scenario(
            f"the published numbers{' beside themselves' if shown else ''}",
            dict.fromkeys(four, Plant()),
            {"1": INCONCLUSIVE, "11": INCONCLUSIVE},
            replicates=1,
            published=shown,
            values=published,
        )
    yield Scenario(
        "the last epoch shows what the last epochs do not",
        four | {"plain34": Plant(DOWN, late=0.0)},
        {"1": SUPPORTED},
    )
    yield Scenario(
        "the last epochs show what the last one does not",
        four | {"plain34": Plant(0.0, late=DOWN)},
        {"1": REFUTED},
    )


def list_measures():
    """The other claims, each with its three outcomes."""
    base = {"plain34": Plant(DOWN), "resnet34": Plant()}

    def make(number, verdict, plants):
        return Scenario(f"claim {number} {verdict}", plants, {number: verdict})

    def set_measures(name, effect=0.0, noisy=False, **measures):
        return {name: Plant(effect, noisy=noisy, measures=measures)}

    plain = DOWN
    yield make("2", SUPPORTED, base | set_measures("plain34", plain, largest_rise=1.0, rises=3))
    yield make("2", REFUTED, base | set_measures("resnet34", largest_rise=1.0, rises=3))
    yield make("2", INCONCLUSIVE, base)
    long = {"plain18": 0.1, "plain34-long": 0.8, "plain18-long": 0.05, "resnet34-long": 0.04}
    for verdict, deep in ((SUPPORTED, 1.0), (REFUTED, 0.1)):
        plants = base | set_measures("plain34", plain, clean_train_loss=deep)
        plants |= set_measures("resnet34", clean_train_loss=0.1)
        for name, loss in long.items():
            plants |= set_measures(name, clean_train_loss=loss if deep == 1.0 else 0.1)
        yield make("3", verdict, plants)
    yield make("3", NOT_TESTED, base | set_measures("plain34", plain, clean_train_loss=1.0))
    for number, better, worse in (("4", "resnet34", "plain34"), ("7", "preact34", "resnet34")):
        other = "plain34" if number == "7" else "preact34"
        for verdict, first, second in ((SUPPORTED, 0.9, 0.3), (REFUTED, 0.3, 0.9)):
            plants = {other: Plant()}
            plants |= set_measures(better, gradient_cosine=first, gradient_lipschitz=2 - first)
            plants |= set_measures(worse, gradient_cosine=second, gradient_lipschitz=2 - second)
            yield make(number, verdict, plants)
        yield make(number, NOT_TESTED, base)
    for verdict, twin, drop in (
        (SUPPORTED, DOWN, 0.05),
        (REFUTED, ZERO, 0.05),
        (REFUTED, DOWN, 0.4),
    ):
        plants = set_measures("multipath34", zoom_drop=drop)
        plants |= set_measures("resnet34", zoom_drop=0.2)
        plants |= {"twinpath34": Plant(twin), "resnet34-matched": Plant(DOWN)}
        yield make("5", verdict, plants)
    for verdict, gap, accuracy in ((SUPPORTED, 0.9, UP), (REFUTED, 0.1, UP), (REFUTED, 0.9, DOWN)):
        plants = {"resnet34": Plant()} | set_measures("multipath34-wide", gap=gap)
        yield make("6", verdict, plants | set_measures("multipath34-narrow", accuracy, gap=0.1))
    for verdict, shallow, deep in (
        (SUPPORTED, ZERO, UP),
        (REFUTED, UP, UP),
        (REFUTED, ZERO, ZERO),
        (INCONCLUSIVE, OPEN, UP),
    ):
        plants = {"resnet34": Plant(), "preact34": plant(shallow)}
        plants |= {"resnet101-cosine": Plant(), "preact101-cosine": plant(deep)}
        yield make("8", verdict, plants)
    yield make("9", SUPPORTED, base | set_measures("plain34", plain, recall_spread=0.6))
    yield make("9", REFUTED, base | set_measures("resnet34", recall_spread=0.6))
    recipes = [f"resnet34-{word}" for word in ("mixup", "cutmix", "dropout", "smoothing")]
    for verdict, effect, complex_effect in (
        (SUPPORTED, UP, ZERO),
        (REFUTED, ZERO, ZERO),
        (REFUTED, UP, UP),
        (INCONCLUSIVE, OPEN, ZERO),
    ):
        plants = {"resnet34": Plant(), "multipath34": plant(complex_effect)}
        yield make("10a", verdict, plants | {name: plant(effect) for name in recipes})


SCENARIOS = [*list_effects(), *list_designs(), *list_measures()]

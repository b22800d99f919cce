"""Facts of single images: how often they were validated, which are hard, and whose labels fail."""

import pandas as pd

from timbang.facts.fact import Facts, Unit
from timbang.records.tables import TEST, sorted_classes
from timbang.scores.ledger import WRONG, find_hardest, find_surest, find_suspects

IMAGES, CONFUSIONS = "images.csv", "confusions.csv"
# What a report lists at most: suspects, pairs of classes, hardest images of a class, and surest
# mistakes.
MOST_SUSPECTS, MOST_PAIRS, MOST_HARD, MOST_SURE = 20, 10, 6, 12


def add_ledger(facts: Facts, images: pd.DataFrame, confusions: pd.DataFrame) -> None:
    """Add what the ledger says of single images.

    Args:
        facts: where they go.
        images: the table that ``tabulate_images`` returns.
        confusions: the table that ``tabulate_confusions`` returns.
    """
    classes = sorted_classes(images["label"])
    own = images[images["part"] != TEST]
    never = int((own["validated"] == 0).sum())
    at, rule = "validated", "those never validated"
    facts.add("ledger.never", never, Unit.COUNT, IMAGES, at, rule)
    facts.add("ledger.never_share", never / len(own), Unit.SHARE, IMAGES, at, rule)
    contenders = [str(name) for name in images if str(name).startswith(WRONG)]
    is_known = (own["networks"] == len(contenders)) & (own["networks"] > 1)
    all_err = int((is_known & (own["erring"] == own["networks"])).sum())
    facts.add("ledger.all", all_err, Unit.COUNT, IMAGES, "erring", "those of all networks")
    is_alone = is_known & (own["erring"] == 1)
    facts.add("ledger.one", int(is_alone.sum()), Unit.COUNT, IMAGES, "erring", "those of one")
    for column in contenders:
        count = int((is_alone & (own[column] > 1 / 2)).sum())
        id = f"ledger.alone/{column.removeprefix(WRONG)}"
        facts.add(id, count, Unit.COUNT, IMAGES, column, "those of it alone")
    suspects = find_suspects(images)
    at, rule = "label_score", "those below a half, one a group"
    facts.add("ledger.suspects", len(suspects), Unit.COUNT, IMAGES, at, rule)
    for place, row in enumerate(suspects.head(MOST_SUSPECTS).to_dict("records")):
        for id, value, unit, column in (
            ("label", classes.index(row["label"]), Unit.COUNT, "label"),
            ("believed", classes.index(row["believed"]), Unit.COUNT, "believed"),
            ("score", row["label_score"], Unit.NUMBER, "label_score"),
            ("label_probability", row["label_probability"], Unit.SHARE, "label_probability"),
            ("probability", row["believed_probability"], Unit.SHARE, "believed_probability"),
            ("validated", int(row["validated"]), Unit.COUNT, "validated"),
        ):
            at = f"{row['filename']}, {column}"
            facts.add(f"suspect.{id}/{place}", value, unit, IMAGES, at)
    for place, row in enumerate(confusions.head(MOST_PAIRS).to_dict("records")):
        at = f"{row['label']}, {row['taken_for']}, "
        for id, value, unit in (
            ("label", classes.index(row["label"]), Unit.COUNT),
            ("taken_for", classes.index(row["taken_for"]), Unit.COUNT),
            ("answers", int(row["answers"]), Unit.COUNT),
            ("share", row["share"], Unit.SHARE),
        ):
            facts.add(f"confused.{id}/{place}", value, unit, CONFUSIONS, at + id)
    hardest = find_hardest(images)
    for number, label in enumerate(classes):
        rows = hardest[hardest["label"] == label].head(MOST_HARD)
        for place, row in enumerate(rows.to_dict("records")):
            at, rule = f"{row['filename']}, probability", "mean over networks"
            id = f"hard.probability/{number}/{place}"
            facts.add(id, row["chance"], Unit.SHARE, IMAGES, at, rule)
    for place, row in enumerate(find_surest(images).head(MOST_SURE).to_dict("records")):
        at, rule = f"{row['filename']}, surest_probability", "largest of its wrong answers"
        id = f"sure.probability/{place}"
        facts.add(id, row["surest_probability"], Unit.SHARE, IMAGES, at, rule)

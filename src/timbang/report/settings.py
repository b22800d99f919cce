"""How training settings are named and written."""

from timbang.report.writer import Writer
from timbang.scores.measures import PER_DOUBLING
from timbang.study.schema import defaults_of

# What the published study states; the rest of a training setup is off unless it is asked for.
PUBLISHED_SETTINGS = (
    "epochs",
    "batch_size",
    "optimizer",
    "learning_rate",
    "weight_decay",
    "horizontal_flip",
)
ALWAYS = (*PUBLISHED_SETTINGS, "width", "image_size")


def is_shown(writer: Writer, key: str) -> bool:
    """Return whether a setting of the study is on, or one that is always named."""
    if not writer.has(f"setting.{key}"):
        return False
    off = defaults_of("recipe").get(key)
    shown = str(off).lower() if isinstance(off, bool) else off
    return key in ALWAYS or writer.value(f"setting.{key}") != shown


def write_setting(writer: Writer, key: str, name: str | None) -> str:
    """Return the value of a setting, of one contender or of the study."""
    parts = (f"setting.{key}", name) if name else (f"setting.{key}",)
    if not writer.has(*parts):
        return writer.say("none")
    return write_word(writer, writer.value(*parts)) or writer.num(*parts)


def write_word(writer: Writer, value: object) -> str | None:
    """Return the word for a value of a setting; None for one that has none, as numbers."""
    words = {
        "adam": "Adam",
        "adamw": "AdamW",
        "sgd": "SGD",
        "constant": writer.say("constant"),
        "cosine": writer.say("cosine"),
        "step": writer.say("in steps"),
        "true": writer.say("yes"),
        "false": writer.say("no"),
        "none": writer.say("none"),
    }
    return words.get(value) if isinstance(value, str) else None


def write_setting_name(writer: Writer, key: str) -> str:
    """Return what a setting is called in print."""
    names = {
        "epochs": writer.say("Epochs"),
        "batch_size": writer.say("Batch size"),
        "optimizer": writer.say("Optimiser"),
        "learning_rate": writer.say("Learning rate"),
        "weight_decay": writer.say("Weight decay"),
        "horizontal_flip": writer.say("Probability of a horizontal flip (training only)"),
        "momentum": writer.say("Momentum"),
        "schedule": writer.say("Schedule of the learning rate"),
        "warmup_epochs": writer.say("Epochs of linear warm-up"),
        "step_epochs": writer.say("Epochs between steps of the learning rate"),
        "step_factor": writer.say("Factor of a step of the learning rate"),
        "label_smoothing": writer.say("Label smoothing"),
        "mixup": writer.say("Mixup (alpha)"),
        "cutmix": writer.say("CutMix (alpha)"),
        "dropout": writer.say("Dropout before the classifier"),
        "random_resized_crop": writer.say("Random resized crop (least share of the area)"),
        "auto_augment": writer.say("Automatic augmentation"),
        "gradient_clip": writer.say("Largest norm of the gradient"),
        "ema": writer.say("Decay of the moving average of the weights"),
        "weights": writer.say("Initial weights"),
        "precision": writer.say("Precision of the forward pass"),
        "tf32": writer.say("Factors of products rounded to TensorFloat on a GPU"),
        "compile": writer.say("Compiled with torch.compile"),
        "width": writer.say("Width factor"),
        "image_size": writer.say("Image size in pixels"),
    }
    return names[key]


def write_measure(writer: Writer, measure: str) -> str:
    """Return what a measure that claims speak of is called in print."""
    names = {
        "accuracy": writer.say("Validation accuracy (points)"),
        "late_accuracy": writer.say("Mean validation accuracy of the last epochs (points)"),
        "largest_rise": writer.say("Largest rise of the training loss between epochs (nats)"),
        "rises": writer.say(
            "Epochs whose training loss rises by at least a tenth of that of the first epoch"
        ),
        "recall_spread": writer.say("Largest minus smallest recall of a class (points)"),
        "brier": writer.say("Brier score"),
        "miscalibration": writer.say("Miscalibration"),
        "gap": writer.say("Validation minus training loss (nats)"),
        "clean_train_loss": writer.say("Loss on the training images in evaluation mode (nats)"),
        "gradient_cosine": writer.say("Cosine of the gradients before and after a step"),
        "gradient_lipschitz": writer.say("Change of the gradient per change of the weights (log)"),
        "zoom_drop": writer.say("Accuracy lost when the images are rescaled (points)"),
        "without_first_path": writer.say("Validation accuracy without the first path (points)"),
        "without_second_path": writer.say("Validation accuracy without the second path (points)"),
        "fall_marked": writer.say("Probability lost without what the map marks (points)"),
        "fall_control": writer.say("Probability lost without what the control marks (points)"),
        "fall_random": writer.say("Probability lost without a random part (points)"),
        PER_DOUBLING: writer.say("Accuracy gained when the training images double (points)"),
    }
    return names.get(measure) or writer.name(f"measure/{measure}", measure)

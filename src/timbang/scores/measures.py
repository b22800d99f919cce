"""What is measured of every run, as names that can be read without pandas or torch."""

from timbang.probes.falls import ATTENTION_MEASURES
from timbang.probes.measures import PROBE_MEASURES

RUN_MEASURES = (
    "accuracy",
    "loss",
    "train_accuracy",
    "train_loss",
    "test_accuracy",
    "test_loss",
    "training_seconds",
    "images_per_second",
    "train_images",
    "validation_images",
    "leaked_images",
    "leaked_accuracy",
    "clean_accuracy",
    "leak_difference",
    "late_accuracy",
    "swing",
    "largest_rise",
    "rises",
    "gap",
    "recall_spread",
    "brier",
    "miscalibration",
    "discrimination",
    "uncertainty",
    *PROBE_MEASURES,
    *ATTENTION_MEASURES,
)
# What only runs with a learning curve have: the accuracy that twice the training images add.
PER_DOUBLING = "accuracy_per_doubling"
CLAIM_MEASURES = (*RUN_MEASURES, PER_DOUBLING)

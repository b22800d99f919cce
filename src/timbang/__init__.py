"""Timbang weighs neural networks against each other on one image data set."""

__version__ = "0.2.0"

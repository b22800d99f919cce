"""What the probe of attention measures of a run, as names that can be read without torch.

Falls of the probability of the network's answer, means over images: when the part of the image is
deleted that its map marks, that the map of the untrained network marks, or that is drawn at random.
"""

ATTENTION_MEASURES = ("fall_marked", "fall_control", "fall_random")

"""Words that say which of two is ahead, or that something causes something, in both languages."""

import re

WORDS = (
    # English
    r"higher|lower|highest|lowest|better|worse|best|worst|superior|inferior|outperform\w*",
    r"exceed\w*|beats?|wins?|improv\w*|degrad\w*|raise[sd]?|helps?|helped|hurts?|gains?|proves?",
    r"proved|shows? that|more accurate|less accurate|accurate|significant\w*|above|below",
    # Indonesian
    r"lebih (?:tinggi|rendah|baik|buruk|akurat|unggul|besar|kecil|sulit)|kurang akurat|akurat",
    r"terbaik|terburuk|tertinggi|terendah|unggul|mengungguli|membuktikan|meningkat\w*|menurun\w*",
    r"memperbaiki|membantu|menguntungkan|merugikan|signifikan|di atas|di bawah",
)
LEXICON = re.compile(rf"\b(?:{'|'.join(WORDS)})\b", re.IGNORECASE)

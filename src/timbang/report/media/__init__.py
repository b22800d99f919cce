"""The media that the document is written in: each says how its parts look there."""

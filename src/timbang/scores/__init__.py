"""From predictions to scores; without torch."""

"""Training one network on one replicate."""

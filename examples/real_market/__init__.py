"""The main job on two real public data sets."""

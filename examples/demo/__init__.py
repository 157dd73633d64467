"""The demo: the main job on a simulated market whose truth is known."""

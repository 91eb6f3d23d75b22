"""The window while it watches: player, controls, pickers, scores over time."""

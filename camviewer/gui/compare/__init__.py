"""Two to six explanations of one picture side by side."""

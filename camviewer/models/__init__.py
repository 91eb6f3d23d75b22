"""Classifiers: the torchvision catalogue, the embedded starter, the user's own."""

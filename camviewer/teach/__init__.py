"""Weak supervision: networks taught with class names alone."""

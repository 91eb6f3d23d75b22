"""The engine: networks split at the target layer, and the maps computed above the split."""

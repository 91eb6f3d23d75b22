"""Teaching what the cards hold, and what came of it."""

"""How well maps say where things are."""

"""Live pictures: captured, explained as fast as the network goes, held steady, recorded."""

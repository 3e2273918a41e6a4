"""The parts of `zu guard`: any program in the box, its bytes untouched, its calls on record."""

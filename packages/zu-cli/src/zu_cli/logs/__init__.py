"""The parts of `zu log`: keys, checkpoints, filters, and rows on their way to a person."""

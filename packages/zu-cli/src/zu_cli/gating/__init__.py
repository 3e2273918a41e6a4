"""The parts of `zu test-plugin`: what it is asked, how it is put together, what it shows."""

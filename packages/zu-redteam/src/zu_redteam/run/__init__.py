"""The parts of a gate run: options, progress, the target's life, its calls, the stages."""

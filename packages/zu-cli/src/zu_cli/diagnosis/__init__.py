"""The parts of `zu doctor`: what this machine can enforce, and a real box that proves it."""

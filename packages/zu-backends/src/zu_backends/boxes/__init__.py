"""Boxes: where a program runs that nobody has reason to trust."""

"""Boxes made by a local Docker engine, with the network, monitors and self-probe of the others.

A box is a container that holds an empty network and one tmpfs, and one container for each
program that joins both. The listeners of the network are ours; see `holder`, `jail`.
"""

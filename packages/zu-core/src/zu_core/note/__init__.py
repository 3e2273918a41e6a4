"""Signed notes, checkpoints, cosignatures and proofs, in the formats of C2SP.

The specifications are c2sp.org/signed-note, /tlog-checkpoint, /tlog-cosignature and
/tlog-proof. A parser takes one spelling only; a check raises unless what it checks holds.
"""

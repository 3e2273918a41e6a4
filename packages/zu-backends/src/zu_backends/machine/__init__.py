"""What this machine can enforce, found out by trying it; no box is needed for that."""

"""The ground floor: system calls, netlink and BPF. Nothing above it spells a system call."""

"""The process that runs this code, and the operating system: signals, sockets, memory, files."""

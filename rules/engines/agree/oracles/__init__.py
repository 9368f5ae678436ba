"""Independent programs that answer what the engines answer."""

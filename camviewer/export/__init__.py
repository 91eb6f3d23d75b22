"""What an inspection leaves behind: pictures, raw maps and records, written whole or not at all."""

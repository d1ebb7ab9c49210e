"""What stands between the screen's cells and the bytes on the line."""

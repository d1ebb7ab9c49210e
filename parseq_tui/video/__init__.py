"""Pictures and videos in and out of files (PyAV, Pillow, OpenCV): nothing here knows what a render is."""

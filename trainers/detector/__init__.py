"""Making the default detector smaller and faster."""

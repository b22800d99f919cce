"""From image files to the manifest, the audit and the pixels."""

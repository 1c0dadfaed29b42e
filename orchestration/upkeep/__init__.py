"""Keeping an installation: backup and restore, what is deleted when, health and figures for monitoring."""

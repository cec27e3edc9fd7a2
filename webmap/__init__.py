"""The map in the browser: a Flask application."""

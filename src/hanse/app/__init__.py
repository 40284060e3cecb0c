"""The only place that builds objects: settings, then adapters, then services, then the ASGI application."""

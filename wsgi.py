"""The WSGI application: `gunicorn wsgi:app`, `flask --app wsgi …`."""

from enroll import create_app

app = create_app()

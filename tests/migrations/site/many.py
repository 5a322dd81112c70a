"""Asks Django for the plan of many small projects.

Reads JSON, a list of {"apps": [package, …], "applied": [[app, name], …]}, and prints for each the lines of
`showmigrations --plan`, or the name of what Django raised.
"""

import io
import json
import sys

import django
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.test.utils import override_settings


def plan(apps, applied):
    recorder = MigrationRecorder(connection)
    recorder.ensure_schema()
    recorder.migration_qs.all().delete()
    for app, name in applied:
        recorder.record_applied(app, name)
    printed = io.StringIO()
    try:
        with override_settings(INSTALLED_APPS=apps):
            call_command("showmigrations", "--plan", skip_checks=True, no_color=True, stdout=printed)
    except Exception as error:
        return type(error).__name__
    return printed.getvalue().splitlines()


sqlite = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
settings.configure(DATABASES={"default": sqlite}, INSTALLED_APPS=[])
django.setup()
print(json.dumps([plan(**project) for project in json.load(sys.stdin)]))

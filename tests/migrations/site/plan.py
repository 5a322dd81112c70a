"""Prints, as JSON, {label: directory} of the apps that Django has loaded, and the lines of `showmigrations --plan`."""

import io
import json

import django
from django.apps import apps
from django.core.management import call_command

django.setup()
printed = io.StringIO()
call_command("showmigrations", "--plan", skip_checks=True, no_color=True, stdout=printed)
labels = {config.label: config.path for config in apps.get_app_configs()}
print(json.dumps([labels, printed.getvalue().splitlines()]))

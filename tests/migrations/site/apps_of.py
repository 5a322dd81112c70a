"""Prints {label: directory} of the apps that Django has loaded, as JSON."""

import json

import django
from django.apps import apps

django.setup()
print(json.dumps({config.label: config.path for config in apps.get_app_configs()}))

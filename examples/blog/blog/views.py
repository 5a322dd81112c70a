import os

import greeting
from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render

from .models import Post


def front_page(request):
    """The text of the private package, and the posts of the database."""
    return render(
        request, "front_page.html", {"greeting": greeting.text(), "posts": Post.objects.order_by("-id")}
    )


def health(request):
    """The release that answers, and proof that it reaches its database."""
    Post.objects.exists()
    return HttpResponse(
        os.environ.get("DEPLOYTASKS_RELEASE", settings.BASE_DIR.name), content_type="text/plain"
    )

"""The first page of each door."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def home(request: HttpRequest) -> HttpResponse:
    """Home of whoever is signed in."""
    return render(request, "desks/home.html")

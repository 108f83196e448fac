"""The URL tree. Each room has its own branch; pages that join rooms hang from the root."""

from __future__ import annotations

from django.urls import include, path

from hengjian.web import doors
from hengjian.web.desks import board, home, institution, search

urlpatterns = [
    path("", home.home, name="home"),
    path("board/", board.board, name="board"),
    path("search/", search.search, name="search"),
    path("login/", doors.SignIn.as_view(), name="login"),
    path("logout/", doors.sign_out, name="logout"),
    path("password/", doors.password, name="password"),
    path("healthy/", doors.healthy, name="healthy"),
    path("journal/", include("hengjian.apps.journal.urls")),
    path("people/", include("hengjian.apps.accounts.urls")),
    path("registry/institutions/<str:code>/", institution.page, name="institution"),
    path("registry/", include("hengjian.apps.registry.urls")),
    path("workdays/", include("hengjian.apps.workdays.urls")),
    path("runs/", include("hengjian.apps.runs.urls")),
    path("rules/", include("hengjian.apps.rules.urls")),
    path("recovery/", include("hengjian.apps.recovery.urls")),
    path("clues/", include("hengjian.apps.clues.urls")),
    path("review/", include("hengjian.apps.review.urls")),
    path("desk/", include("hengjian.web.desks.institution_urls")),
]
handler400 = doors.bad_request
handler403 = doors.forbidden
handler404 = doors.missing
handler500 = doors.broken

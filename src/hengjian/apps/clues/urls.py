from __future__ import annotations

from django.urls import path

from hengjian.apps.clues import views

app_name = "clues"
urlpatterns = [
    path("", views.clue_list, name="list"),
    path("ledger/", views.problem_ledger, name="ledger"),
    path("gone/", views.gone, name="gone"),
    path("new/", views.new, name="new"),
    path("institutions/", views.institution_options, name="institutions"),
    path("assign/", views.assign, name="assign"),
    path("next/", views.next_clue, name="next"),
    path("<int:pk>/", views.clue, name="clue"),
    path("<int:pk>/return/", views.give_back, name="return"),
    path("<int:pk>/close/", views.close, name="close"),
    path("<int:pk>/recuse/", views.recuse, name="recuse"),
]

from __future__ import annotations

from django.urls import path

from hengjian.apps.registry import views

app_name = "registry"
urlpatterns = [
    path("institutions/", views.institutions, name="institutions"),
    path("persons/", views.persons, name="persons"),
    path("persons/find/", views.find, name="find"),
    path("persons/<int:pk>/", views.person, name="person"),
    path("persons/<int:pk>/reveal/", views.reveal, name="reveal"),
    path("reveals/", views.reveals, name="reveals"),
]

from __future__ import annotations

from django.urls import path

from hengjian.apps.recovery import views

app_name = "recovery"
urlpatterns = [
    path("", views.ledger, name="list"),
    path("export/", views.export, name="export"),
    path("settle/", views.settle, name="settle"),
    path("<int:pk>/", views.item, name="item"),
    path("<int:pk>/counter/", views.counter, name="counter"),
]

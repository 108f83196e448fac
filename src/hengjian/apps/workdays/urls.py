from __future__ import annotations

from django.urls import path

from hengjian.apps.workdays import views

app_name = "workdays"
urlpatterns = [
    path("", views.year, name="year"),
    path("set/", views.set_day, name="set"),
    path("clear/", views.clear_day, name="clear"),
    path("announce/", views.announce, name="announce"),
    path("import/", views.import_notice, name="import"),
    path("clocks/", views.clocks, name="clocks"),
    path("clocks/<int:pk>/", views.clock, name="clock"),
    path("clocks/<int:pk>/extend/", views.extend, name="extend"),
]

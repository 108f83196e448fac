from __future__ import annotations

from django.urls import path

from hengjian.apps.runs import views
from hengjian.apps.runs.views import exporting, guiding, mapping

app_name = "runs"
urlpatterns = [
    path("", views.runs, name="list"),
    path("upload/", views.upload, name="upload"),
    path("audit/", views.audit, name="audit"),
    path("<int:pk>/", views.run, name="run"),
    path("<int:pk>/map/", mapping.page, name="map"),
    path("<int:pk>/load/", views.load, name="load"),
    path("<int:pk>/discard/", views.discard, name="discard"),
    path("<int:pk>/retry/", views.retry, name="retry"),
    path("<int:pk>/report/", views.report, name="report"),
    path("<int:pk>/findings.xlsx", views.findings, name="findings"),
    path("<int:pk>/file.xlsx", exporting.download, name="download"),
    path("exports/<slug:name>/", exporting.page, name="export"),
    path("guide/", guiding.page, name="guide"),
    path("guide/start/", guiding.start, name="guide_start"),
    path("guide/release/", guiding.release, name="release"),
]

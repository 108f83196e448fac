from __future__ import annotations

from django.urls import path

from hengjian.apps.accounts.views import certificates, matrix, people, posts, units

app_name = "accounts"
urlpatterns = [
    path("", people.people, name="people"),
    path("open/", people.open_account, name="open"),
    path("<int:pk>/", people.person, name="person"),
    path("<int:pk>/password/", people.reset, name="reset"),
    path("<int:pk>/activity/", people.activity, name="activity"),
    path("<int:pk>/unit/", people.move, name="move"),
    path("units/", units.units, name="units"),
    path("units/add/", units.add, name="unit_add"),
    path("units/<int:pk>/", units.change, name="unit"),
    path("posts/", posts.posts, name="posts"),
    path("posts/<int:pk>/", posts.grant, name="grant"),
    path("posts/<int:pk>/end/", posts.end_post, name="end_post"),
    path("conflicts/", posts.conflicts, name="conflicts"),
    path("certificates/", certificates.certificates, name="certificates"),
    path("certificates/add/", certificates.add, name="certificate_add"),
    path("matrix/", matrix.matrix, name="matrix"),
]

from __future__ import annotations

from django.urls import path

from hengjian.web.desks import institution_desk as desk

app_name = "desk"
urlpatterns = [
    path("", desk.listing, name="list"),
    path("export/", desk.export, name="export"),
    path("<int:pk>/", desk.item, name="item"),
    path("<int:pk>/answer/", desk.answer, name="answer"),
    path("<int:pk>/withdraw/", desk.withdraw, name="withdraw"),
    path("<int:pk>/files/", desk.attach, name="attach"),
    path("<int:pk>/files/<int:file_pk>/remove/", desk.detach, name="detach"),
    path("<int:pk>/ask/", desk.ask, name="ask"),
    path("advice/", desk.advice, name="advice"),
    path("advice/<int:pk>/", desk.advice_item, name="advice_item"),
    path("advice/<int:pk>/write/", desk.advise, name="advise"),
]

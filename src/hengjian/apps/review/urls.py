from __future__ import annotations

from django.urls import path

from hengjian.apps.review.views import bulk, office, workbench

app_name = "review"
urlpatterns = [
    path("", workbench.queue, name="queue"),
    path("second/", workbench.second, name="second"),
    path("second/lapse/", workbench.lapse, name="lapse"),
    path("<int:pk>/", workbench.item, name="item"),
    path("<int:pk>/propose/", workbench.propose, name="propose"),
    path("<int:pk>/undo/", workbench.undo, name="undo"),
    path("<int:pk>/decide/", workbench.decide, name="decide"),
    path("<int:pk>/return/", workbench.give_back, name="return"),
    path("<int:pk>/take-back/", workbench.take_back, name="take_back"),
    path("bulk/", bulk.groups, name="bulk"),
    path("bulk/draw/", bulk.draw, name="draw"),
    path("bulk/<int:pk>/", bulk.batch, name="batch"),
    path("bulk/<int:pk>/sample/<int:review_pk>/", bulk.sample, name="sample"),
    path("bulk/<int:pk>/start/", bulk.start, name="start"),
    path("bulk/<int:pk>/undo/", bulk.undo_batch, name="undo_batch"),
    path("feedback/", office.feedback, name="feedback"),
    path("feedback/send/", office.send, name="send"),
    path("steps/", office.steps, name="steps"),
    path("attachments/<int:pk>/", office.attachment, name="attachment"),
]

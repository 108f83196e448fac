from __future__ import annotations

from django.urls import path

from hengjian.apps.rules.views import knowledge, proposals, rules

app_name = "rules"
urlpatterns = [
    path("", rules.rule_list, name="list"),
    path("coverage/", rules.coverage, name="coverage"),
    path("knowledge/", knowledge.knowledge, name="knowledge"),
    path("knowledge/<slug:table>/<str:kid>/", knowledge.row, name="row"),
    path("knowledge/<slug:table>/<str:kid>/change/", knowledge.propose, name="propose"),
    path("changes/", proposals.proposals, name="proposals"),
    path("changes/<int:pk>/", proposals.proposal, name="proposal"),
    path("changes/<int:pk>/approve/", proposals.approve, name="approve"),
    path("changes/<int:pk>/refuse/", proposals.refuse, name="refuse"),
    path("changes/<int:pk>/withdraw/", proposals.withdraw, name="withdraw"),
    path("<slug:rule_id>/", rules.rule, name="rule"),
    path("<slug:rule_id>/release/", rules.release, name="release"),
]

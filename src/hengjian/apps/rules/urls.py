from __future__ import annotations

from django.urls import path

from hengjian.apps.rules.views import exemptions, indicators, knowledge, proposals, rules

app_name = "rules"
urlpatterns = [
    path("", rules.rule_list, name="list"),
    path("coverage/", rules.coverage, name="coverage"),
    path("exemptions/", exemptions.exemptions, name="exemptions"),
    path("indicators/", indicators.indicators, name="indicators"),
    path("knowledge/", knowledge.knowledge, name="knowledge"),
    path("knowledge/changes/", proposals.proposals, name="proposals"),
    path("knowledge/changes/<int:pk>/", proposals.proposal, name="proposal"),
    path("knowledge/changes/<int:pk>/approve/", proposals.approve, name="approve"),
    path("knowledge/changes/<int:pk>/refuse/", proposals.refuse, name="refuse"),
    path("knowledge/changes/<int:pk>/withdraw/", proposals.withdraw, name="withdraw"),
    path("knowledge/<slug:table>/<str:kid>/", knowledge.row, name="row"),
    path("knowledge/<slug:table>/<str:kid>/change/", knowledge.propose, name="propose"),
    path("<slug:rule_id>/", rules.rule, name="rule"),
    path("<slug:rule_id>/release/", rules.release, name="release"),
]

from django.apps import AppConfig


class RulesConfig(AppConfig):
    name = "hengjian.apps.rules"
    label = "rules"
    verbose_name = "规则与知识"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from hengjian.apps.rules.exports import offer

        offer()

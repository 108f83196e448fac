from django.apps import AppConfig


class CluesConfig(AppConfig):
    name = "hengjian.apps.clues"
    label = "clues"
    verbose_name = "疑点线索"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from hengjian.apps.clues.exports import offer

        offer()

from django.apps import AppConfig


class RunsConfig(AppConfig):
    name = "hengjian.apps.runs"
    label = "runs"
    verbose_name = "数据与审计"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from hengjian.apps.runs.listed import offer

        offer()

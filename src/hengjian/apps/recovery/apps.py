from django.apps import AppConfig


class RecoveryConfig(AppConfig):
    name = "hengjian.apps.recovery"
    label = "recovery"
    verbose_name = "追回"
    default_auto_field = "django.db.models.BigAutoField"

from django.apps import AppConfig


class RegistryConfig(AppConfig):
    name = "hengjian.apps.registry"
    label = "registry"
    verbose_name = "监管对象"
    default_auto_field = "django.db.models.BigAutoField"

from django.apps import AppConfig


class WorkdaysConfig(AppConfig):
    name = "hengjian.apps.workdays"
    label = "workdays"
    verbose_name = "工作日与时限"
    default_auto_field = "django.db.models.BigAutoField"

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "hengjian.apps.accounts"
    label = "accounts"
    verbose_name = "人员与权限"
    default_auto_field = "django.db.models.BigAutoField"

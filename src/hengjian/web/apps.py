from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "hengjian.web"
    label = "web"
    verbose_name = "界面"

    def ready(self) -> None:
        from hengjian.web.exports import offer

        offer()

from __future__ import annotations

from datetime import date

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import F, Q

from hengjian.apps.accounts.roles import ROLES


class Office(models.Model):
    """The bureau this database belongs to: one row."""

    name = models.CharField("名称", max_length=60)
    region_code = models.CharField("统筹区", max_length=6)
    is_demo = models.BooleanField("演示", default=False)
    live_since = models.DateField("上线日期", null=True, blank=True)


class Unit(models.Model):
    """A bureau, agency, institution or one of their departments. An institution's unit carries its `fixmedins_code`."""

    KINDS = (("bureau", "医保局"), ("agency", "经办机构"), ("institution", "定点医药机构"), ("department", "科室"))
    name = models.CharField("名称", max_length=100)
    kind = models.CharField("类别", max_length=12, choices=KINDS)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name="上级")
    region_code = models.CharField("地区", max_length=6)
    institution_code = models.CharField("机构编号", max_length=30, blank=True, db_index=True)
    is_open = models.BooleanField("在用", default=True)

    def __str__(self) -> str:
        return self.name


class UserManager(BaseUserManager["User"]):
    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(login=username)


class User(AbstractBaseUser):
    """A person who signs in. Rights come from posts alone; there is no superuser."""

    login = models.CharField("登录名", max_length=60, unique=True)
    name = models.CharField("姓名", max_length=40)
    unit = models.ForeignKey(Unit, models.PROTECT, verbose_name="单位", related_name="people")
    practitioner_code = models.CharField("医师编号", max_length=30, blank=True, db_index=True)
    is_active = models.BooleanField("在用", default=True)
    is_demo = models.BooleanField("演示账号", default=False)
    must_change = models.BooleanField("须改密码", default=False)

    objects = UserManager()
    USERNAME_FIELD = "login"
    REQUIRED_FIELDS = ()

    def __str__(self) -> str:
        return self.name


class Post(models.Model):
    """A person's role over a region, for a half-open period. Taking it back sets `valid_to`; nothing is deleted."""

    user = models.ForeignKey(User, models.PROTECT, related_name="posts", verbose_name="人员")
    role = models.CharField("岗位", max_length=20, choices=[(r.code, r.title) for r in ROLES.values()])
    region_code = models.CharField("地区", max_length=6, help_text="六位行政区划代码；末尾成对的 0 表示全部下级")
    valid_from = models.DateField("起")
    valid_to = models.DateField("止", null=True, blank=True)
    reason = models.CharField("理由", max_length=200)
    granted_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name="授予人")
    granted_at = models.DateTimeField("授予时间")

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")), name="post_period"),
        )

    def holds_on(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)

    def __str__(self) -> str:
        return f"{self.user} {ROLES[self.role].title}"


class Certificate(models.Model):
    """An enforcement certificate: valid from and to, half-open."""

    user = models.ForeignKey(User, models.PROTECT, related_name="certificates", verbose_name="人员")
    number = models.CharField("证号", max_length=40, unique=True)
    issuer = models.CharField("发证机关", max_length=100)
    valid_from = models.DateField("起")
    valid_to = models.DateField("止")
    registered_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name="登记人")
    registered_at = models.DateTimeField("登记时间")

    class Meta:
        constraints = (models.CheckConstraint(condition=Q(valid_to__gt=F("valid_from")), name="certificate_period"),)

    def __str__(self) -> str:
        return self.number

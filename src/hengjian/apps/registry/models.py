from __future__ import annotations

from django.db import models

from hengjian.apps.accounts.models import User


class Institution(models.Model):
    """A designated hospital, clinic or pharmacy, as the lake last described it."""

    code = models.CharField("机构编号", max_length=30, unique=True)
    name = models.CharField("名称", max_length=200)
    kind = models.CharField("类别", max_length=20)
    level = models.CharField("等级", max_length=20, blank=True)
    region_code = models.CharField("地区", max_length=6, db_index=True)
    last_data_on = models.DateField("最近数据", null=True, blank=True)

    def __str__(self) -> str:
        return self.name


class Practitioner(models.Model):
    """A doctor, nurse or pharmacist of an institution."""

    code = models.CharField("医师编号", max_length=30, unique=True)
    name = models.CharField("姓名", max_length=60, blank=True)
    institution = models.ForeignKey(Institution, models.PROTECT, null=True, related_name="practitioners")
    department = models.CharField("科室", max_length=60, blank=True)

    def __str__(self) -> str:
        return self.name or self.code


class Person(models.Model):
    """An insured person of whom a finding speaks. The office keeps a masked name only; the full values stay sealed in the lake."""

    psn_no = models.CharField("人员编号", max_length=40, unique=True)
    masked_name = models.CharField("姓名（脱敏）", max_length=40, blank=True)
    sex = models.CharField("性别", max_length=4, blank=True)
    birth_year = models.IntegerField("出生年", null=True, blank=True)
    insurance = models.CharField("险种", max_length=20, blank=True)
    region_code = models.CharField("参保地", max_length=6, blank=True, db_index=True)

    def __str__(self) -> str:
        return self.masked_name or self.psn_no


class Reveal(models.Model):
    """Somebody opened full values of a person: which, why, when."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="reveals")
    columns = models.CharField("项目", max_length=120)
    reason = models.CharField("理由", max_length=200)
    user = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField("时间")

    class Meta:
        indexes = (models.Index(fields=["at"], name="reveal_at"),)

"""What a password must be beyond Django's own checks, and how each refusal reads in Chinese."""

from __future__ import annotations

from django.core.exceptions import ValidationError

WORDS = {
    "password_too_short": "不到十位",
    "password_too_common": "太常见，容易被猜到",
    "password_entirely_numeric": "全是数字",
    "password_too_similar": "与姓名或登录名太像",
    "password_not_mixed": "没有混用字母和数字",
}
"""Code of a validator's refusal → what is wrong."""


class LettersAndDigits:
    """A password has letters and digits."""

    def validate(self, password: str, user: object = None) -> None:
        if not (any(c.isalpha() for c in password) and any(c.isdigit() for c in password)):
            raise ValidationError(WORDS["password_not_mixed"], code="password_not_mixed")

    def get_help_text(self) -> str:
        return "字母和数字混用"
